//! The straws of a straw bucket (`crush_calc_straw`).

/// The length of each item's straw, 16.16 fixed point: the lighter items' are 1, and the heavier an item, the longer its
/// straw, so that each wins as often as its weight says. The first version of the computation takes equal weights
/// together, and counts items that weigh nothing as if they could win.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "straws are short and not negative"
)]
pub(super) fn straws(weights: &[u32], version: u8) -> Vec<u32> {
    let mut order: Vec<(usize, u32)> = weights.iter().copied().enumerate().collect();
    order.sort_by_key(|(_, weight)| *weight);
    let mut straws = vec![0; weights.len()];
    let mut left = u32::try_from(weights.len()).unwrap_or(u32::MAX);
    let (mut straw, mut below, mut last) = (1.0f64, 0.0, 0.0);
    for (place, (item, weight)) in order.iter().enumerate() {
        if *weight == 0 {
            left -= u32::from(version > 0);
            continue;
        }
        if let Some(slot) = straws.get_mut(*item) {
            *slot = (straw * 65536.0) as u32;
        }
        let heavier = order.get(place + 1..).unwrap_or_default();
        let Some((_, next)) = heavier.first() else { break };
        if version == 0 && next == weight {
            continue;
        }
        below += (f64::from(*weight) - last) * f64::from(left);
        let alike = heavier.iter().take_while(|(_, other)| other == next).count();
        left = left.saturating_sub(if version == 0 { u32::try_from(alike).unwrap_or(u32::MAX) } else { 1 });
        // In Ceph's `unsigned`.
        let above = f64::from(left.wrapping_mul(next - weight));
        let share = below / (below + above);
        straw *= (1.0 / share).powf(1.0 / f64::from(left));
        last = f64::from(*weight);
    }
    straws
}
