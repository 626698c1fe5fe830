//! What every transport promises, tried on each.
//!
//! A new transport is added to the list at the end of this file. There, behind `and`, is what only some can promise: that a process
//! without file descriptors takes calls again when it has some is asked of those that need descriptors.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod alone;
mod bed;
mod calls;
mod cutting;
mod ends;
mod lossless;
mod peers;
mod proxy;
mod raw;
mod streams;
mod time;

use bed::Bed;
use loligo_msgr::MsType;

/// All promises, for each transport.
macro_rules! promises {
    ($(mod $transport:ident on $bed:expr, and [$($promise:ident),*];)*) => { $(
        mod $transport {
            use super::*;

            promises!(on $bed => calls:
                callers_and_called_meet,
                nobody_there_is_told_as_refused,
                a_host_that_does_not_answer_is_given_up,
                a_silent_peer_is_given_up_after_the_timeout,
                something_else_than_ceph_is_told_as_such,
                a_peer_that_goes_is_told_once_and_can_be_called_again,
                the_own_address_is_one_for_all_connections,
                who_rebinds_leaves_its_port_and_is_called_at_another,
                a_node_that_has_ended_takes_no_port,
                many_callers_come_at_once);
            promises!(on $bed => streams:
                messages_of_all_sizes_come_back_in_order,
                large_messages_both_ways_at_once_do_not_block_each_other,
                buffers_of_the_system_may_be_small,
                many_threads_share_a_node_and_each_message_comes_back_once,
                what_is_asked_for_in_the_sink_is_done,
                the_last_words_of_a_peer_are_heard_and_then_that_it_is_gone);
            promises!(on $bed => time:
                timers_of_the_endpoint_fire_when_due,
                an_idle_connection_is_closed,
                a_keepalive_without_an_answer_ends_the_connection,
                what_a_look_within_the_sink_brings_about_is_not_left_until_something_else_happens);
            promises!(on $bed => ends:
                shutdown_resets_everything_and_may_be_called_from_anywhere,
                shutdown_within_the_sink_does_not_wait_for_itself,
                shutdown_ends_who_is_calling_and_who_is_writing,
                nothing_is_heard_of_a_connection_after_mark_down,
                mark_down_within_the_sink_is_the_last_of_the_connection,
                a_sink_that_panics_on_the_nodes_thread_ends_the_node_with_all_connections_reset,
                an_endpoint_that_panics_on_the_nodes_thread_hears_that_there_will_be_nothing_more,
                an_endpoint_that_panics_on_a_callers_thread_ends_the_node_as_well);

            promises!(on $bed => lossless:
                a_stream_that_is_cut_is_replaced_and_nothing_is_lost_or_comes_twice,
                a_peer_that_calls_anew_takes_its_connection_over,
                sockets_that_fail_on_purpose_lose_nothing,
                messages_that_are_late_on_purpose_stay_in_order);
            promises!(alone on $bed =>
                no_thread_and_no_descriptor_is_left);
            $(promises!(alone on $bed => $promise);)*
        }
    )* };
    (alone on $bed:expr => $promise:ident) => {
        #[test]
        fn $promise() {
            alone::run(module_path!(), stringify!($promise), || alone::$promise(&$bed));
        }
    };
    (on $bed:expr => $group:ident: $($promise:ident),*) => { $(
        #[test]
        fn $promise() {
            $group::$promise(&$bed);
        }
    )* };
}

promises! {
    mod asynchronous on Bed::Sockets { ms_type: MsType::Async, threads: 1 },
        and [calls_are_taken_again_when_there_are_files_again];
    mod asynchronous_on_three_threads on Bed::Sockets { ms_type: MsType::Async, threads: 3 },
        and [calls_are_taken_again_when_there_are_files_again];
    mod simple on Bed::Sockets { ms_type: MsType::Simple, threads: 0 },
        and [calls_are_taken_again_when_there_are_files_again];
    mod memory on Bed::memory(0), and [];
    mod memory_in_small_pieces on Bed::memory(700), and [];
}
