//! The oldest clients that can use a map.

use loligo_wire::Release;
use loligo_wire::crush::{BucketAlg, ChooseArgMap, CrushMap, RuleOp};
use loligo_wire::osdmap::{OSDMap, PoolFlags};

/// The oldest release whose clients understand all that the map uses (`get_min_compat_client`).
pub(super) fn get_min_compat_client(map: &OSDMap) -> Release {
    let crush = &map.crush;
    let uses = |op: RuleOp| {
        let rules = map.pools.values().filter_map(|pool| crush.rule(pool.crush_rule));
        rules.flat_map(|rule| &rule.steps).any(|step| step.op == op)
    };
    let is_tier = |pool: &loligo_wire::osdmap::PgPool| !pool.tiers.is_empty() || pool.tier_of.0 >= 0;
    let has_affinity = map
        .osd_primary_affinity
        .iter()
        .flat_map(|affinities| affinities.iter())
        .any(|affinity| *affinity != OSDMap::DEFAULT_PRIMARY_AFFINITY);
    let tunables = &crush.tunables;
    if !map.pg_upmap_primaries.is_empty() {
        return Release::REEF;
    }
    if !map.pg_upmap.is_empty() || !map.pg_upmap_items.is_empty() || has_incompat_choose_args(crush) {
        return Release::LUMINOUS;
    }
    if tunables.chooseleaf_stable != 0 || uses(RuleOp::SET_CHOOSELEAF_STABLE) {
        return Release::JEWEL;
    }
    if crush.buckets().any(|bucket| matches!(bucket.alg, BucketAlg::Straw2 { .. })) {
        return HAMMER;
    }
    if has_affinity
        || tunables.chooseleaf_vary_r != 0
        || uses(RuleOp::SET_CHOOSELEAF_VARY_R)
        || map.pools.values().any(|pool| is_tier(pool))
    {
        return FIREFLY;
    }
    let has_hashpspool = map.pools.values().any(|pool| pool.has_flag(PoolFlags::HASHPSPOOL));
    if tunables.chooseleaf_descend_once != 0 || has_hashpspool {
        return DUMPLING;
    }
    ARGONAUT
}

const ARGONAUT: Release = Release(1);
const DUMPLING: Release = Release(4);
const FIREFLY: Release = Release(6);
const HAMMER: Release = Release(8);

/// Whether there are choose args that cannot be given to a reader that knows none.
fn has_incompat_choose_args(crush: &CrushMap) -> bool {
    match (crush.choose_args.len(), crush.choose_args.get(&CrushMap::DEFAULT_CHOOSE_ARGS)) {
        (0, _) => false,
        (1, Some(args)) => !ChooseArgMap::is_compatible(args),
        _ => true,
    }
}
