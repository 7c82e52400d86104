use super::*;

const V6: [&str; 2] = ["2001:db8::1", "2001:db8::2"];
const V4: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

/// A race to servers with these addresses; `None` is a name that is still being looked up.
fn race(servers: &[Option<&[&str]>], favourite: Option<(usize, Family)>) -> Race {
    let mut race = Race::new(servers.len(), favourite, 0);
    for (server, addresses) in servers.iter().enumerate() {
        if let Some(addresses) = addresses {
            resolve(&mut race, server, addresses);
        }
    }
    race
}

fn resolve(race: &mut Race, server: usize, addresses: &[&str]) {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    race.resolved(server, &addresses, 8883);
}

/// The only start at this time, as server and address.
fn start(race: &mut Race, boot: u64) -> (usize, String) {
    let Some(Move::Start { server, to, .. }) = race.next(boot) else { panic!("nobody starts at {boot}") };
    assert_eq!(race.next(boot), None, "more than one starts at {boot}");
    (server, to.ip().to_string())
}

fn expect(server: usize, address: &str) -> (usize, String) {
    (server, address.to_owned())
}

#[test]
fn a_silent_first_address_costs_the_next_one_stagger_and_no_more() {
    // The second start comes 250 ms after the first, in the other family, and not a millisecond before.
    let mut race = race(&[Some(&[V6[0], V4[0]])], None);
    assert_eq!(start(&mut race, 0), expect(0, V6[0]));
    assert_eq!(race.next_timeout(), Some(STAGGER));
    assert_eq!(race.next(STAGGER - 1), None);
    assert_eq!(start(&mut race, STAGGER), expect(0, V4[0]));
}

#[test]
fn families_take_turns() {
    // However the resolver sorts them, no two starts in a row are of one family as long as both are left.
    let mut race = race(&[Some(&[V6[0], V6[1], V4[0], V4[1]])], None);
    let started: Vec<_> = (0..4).map(|turn| start(&mut race, turn * STAGGER).1).collect();
    assert_eq!(started, [V6[0], V4[0], V6[1], V4[1]]);
}

#[test]
fn the_second_start_avoids_both_the_family_and_the_server_of_the_first() {
    // A broken IPv6 and a blocked port are both got round after one stagger.
    let mut race = race(&[Some(&[V6[0], V4[0]]), Some(&[V6[1], V4[1]])], None);
    let started: Vec<_> = (0..4).map(|turn| start(&mut race, turn * STAGGER)).collect();
    assert_eq!(started, [expect(0, V6[0]), expect(1, V4[1]), expect(1, V6[1]), expect(0, V4[0])]);
}

#[test]
fn a_failure_starts_the_next_at_once() {
    // Who is refused does not keep the others waiting.
    let mut race = race(&[Some(&[V6[0], V4[0]])], None);
    let Some(Move::Start { contender, .. }) = race.next(0) else { panic!("nobody starts") };
    race.failed(contender, 3);
    assert_eq!(start(&mut race, 3), expect(0, V4[0]));
}

#[test]
fn what_worked_last_starts_first_and_has_a_head_start() {
    // The preferred server and family lead; the others follow after the stagger.
    let mut race = race(&[Some(&[V6[0], V4[0]]), Some(&[V6[1], V4[1]])], Some((1, Family::V4)));
    assert_eq!(start(&mut race, 0), expect(1, V4[1]));
    assert_eq!(race.next_timeout(), Some(STAGGER));
    assert_eq!(start(&mut race, STAGGER), expect(0, V6[0]));
}

#[test]
fn the_first_in_line_has_its_head_start_while_its_name_is_looked_up() {
    // Others wait one stagger for it, not longer, and not at all once it has no address.
    let waiting = || race(&[None, Some(&[V4[1]])], None);
    let mut first = waiting();
    assert_eq!(first.next_timeout(), Some(STAGGER));
    assert_eq!(first.next(STAGGER - 1), None);
    resolve(&mut first, 0, &[V4[0]]);
    assert_eq!(start(&mut first, STAGGER - 1), expect(0, V4[0]));

    let mut second = waiting();
    assert_eq!(start(&mut second, STAGGER), expect(1, V4[1]));
    assert!(!second.is_lost());

    let mut third = waiting();
    resolve(&mut third, 0, &[]);
    assert_eq!(start(&mut third, 7), expect(1, V4[1]));
}

#[test]
fn a_preferred_family_that_is_gone_leaves_its_server_first() {
    // Without IPv6 the preferred server is tried over IPv4.
    let mut race = race(&[Some(&[V4[0]]), Some(&[V4[1]])], Some((1, Family::V6)));
    assert_eq!(start(&mut race, 0), expect(1, V4[1]));
}

#[test]
fn there_is_a_bound_and_whoever_had_time_enough_makes_room() {
    // The seventh waits until the first has had three seconds; then it takes its place.
    let servers: Vec<Option<&[&str]>> = vec![Some(&[V6[0], V4[0]]); 4];
    let mut race = race(&servers, None);
    for turn in 0..MAXIMUM_CONTENDERS as u64 {
        start(&mut race, turn * STAGGER);
    }
    assert_eq!(race.next_timeout(), Some(MINIMUM_PATIENCE));
    assert_eq!(race.next(MINIMUM_PATIENCE - 1), None);
    assert_eq!(race.next(MINIMUM_PATIENCE), Some(Move::GiveUp { contender: 0 }));
    start(&mut race, MINIMUM_PATIENCE);
    assert_eq!(race.next_timeout(), Some(MINIMUM_PATIENCE + STAGGER));
}

#[test]
fn nobody_is_given_up_when_nobody_waits() {
    // The last addresses have all the time there is, and no timer runs.
    let mut race = race(&[Some(&[V6[0], V4[0]])], None);
    start(&mut race, 0);
    start(&mut race, STAGGER);
    assert_eq!(race.next_timeout(), None);
    assert_eq!(race.next(u64::MAX), None);
}

#[test]
fn it_is_lost_once_nobody_is_left() {
    // Not while a lookup or a connection is under way.
    let mut race = race(&[None], None);
    assert!(!race.is_lost());
    resolve(&mut race, 0, &[V4[0]]);
    assert!(!race.is_lost());
    let Some(Move::Start { contender, .. }) = race.next(0) else { panic!("nobody starts") };
    assert!(!race.is_lost());
    race.failed(contender, 0);
    assert!(race.is_lost());
    assert!(Race::new(0, None, 0).is_lost());
}

#[test]
fn of_a_hostile_names_addresses_only_some_take_part() {
    // A thousand addresses of one family do not keep those of the other out.
    let mut all: Vec<IpAddr> = (0..1000_u16).map(|n| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n])).collect();
    all.push(V4[0].parse().unwrap());
    let mut race = Race::new(1, None, 0);
    race.resolved(0, &all, 1);
    let mut starts = Vec::new();
    while let Some(Move::Start { contender, to, .. }) = race.next(0) {
        starts.push(to.ip().to_string());
        race.failed(contender, 0);
    }
    assert_eq!(starts.len(), MAXIMUM_ADDRESSES + 1);
    assert_eq!(starts[1], V4[0]);
}
