//! Suspects, the dead, and those who follow them.

use super::*;

#[test]
fn a_suspect_is_passed_by_and_fenced() {
    cooperative(SMALL, |ring| {
        let (mut slow, mut other) = (ring.producer().unwrap(), ring.producer().unwrap());
        let mut consumer = ring.consumer().unwrap();
        let seat = slow.seat();
        assert_eq!(consumer.suspect(seat), Ok(false), "nothing to give up on");
        assert_eq!(consumer.waits_for(), None);
        let mut grant = slow.try_claim(20).unwrap();
        other.push(2, b"behind").unwrap();
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        assert_eq!(consumer.waits_for(), Some(seat));
        assert_eq!(ring.seat_holder(seat), Ok(Some(0)));
        assert_eq!(ring.seat_holder(2), Ok(None));
        let none = Error::NoSuchIndex { index: 3, count: 3 };
        assert_eq!((ring.seat_holder(3), consumer.suspect(3)), (Err(none), Err(none)));
        assert_eq!(consumer.suspect(seat), Ok(true));
        assert_eq!(consumer.suspect(seat), Ok(false), "once");
        assert_eq!(consumer.waits_for(), None);
        assert_eq!(&*consumer.read().unwrap(), b"behind");

        // Delivery goes on, but space comes to an end: the suspect's may still be written.
        let mut pushed = 0;
        for tag in 3..20 {
            if other.push(tag, b"").is_err() {
                break;
            }
            pushed += 1;
            assert_eq!(consumer.read().unwrap().tag(), tag);
            assert_eq!(consumer.read().err(), Some(Error::Empty));
        }
        assert_eq!((pushed, other.push(99, b"")), (5, Err(Error::Full)));
        grant.fill(7);
        assert_eq!(grant.commit(1), Err(Error::Fenced));
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        other.push(20, &[0; 56]).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 20);
        slow.push(21, b"welcome back").unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"welcome back");
    });
}

#[test]
fn suspicion_reaches_claims_further_on() {
    cooperative(SMALL, |ring| {
        let mut producers = [0; 3].map(|_| ring.producer().unwrap());
        let [one, two, three] = &mut producers;
        let mut consumer = ring.consumer().unwrap();
        let grant = one.try_claim(0).unwrap();
        let late = two.try_claim_batch(8).unwrap();
        three.push(3, b"").unwrap();
        assert_eq!(consumer.suspect(1), Ok(true));
        assert_eq!(consumer.suspect(2), Ok(false), "already committed");
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        grant.commit(1).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 1);
        assert_eq!(consumer.read().unwrap().tag(), 3);
        drop(late);
        three.push(4, &[0; 56]).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 4);
    });
}

/// The ring as another party sees it.
fn of_party<'m, T: Trust>(ring: &MpscRing<'m, T>, party: u16) -> MpscRing<'m, T> {
    MpscRing { span: ring.span.of_party(party), ..*ring }
}

/// What the host does once it has the proof.
fn declare_dead<T: Trust>(ring: &MpscRing<'_, T>, party: u16) -> u32 {
    let params = ring.config.params();
    let section =
        Section { params, len: ring.span.len() as u64, kind: KIND_MPSC, ..Section::EMPTY };
    reclaim(&ring.span, &section, party).unwrap()
}

#[test]
fn the_dead_lose_what_they_did_not_commit() {
    cooperative(SMALL, |ring| {
        let (mut dead, mut also) =
            (of_party(&ring, 5).producer().unwrap(), of_party(&ring, 5).producer().unwrap());
        let mut living = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        dead.push(1, b"committed").unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        living.push(2, b"").unwrap();
        mem::forget(also.try_claim(30).unwrap());
        mem::forget((dead, also));
        assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 3 }));
        assert_eq!((declare_dead(&ring, 4), declare_dead(&ring, 5)), (0, 2));
        assert_eq!(declare_dead(&ring, 5), 0, "once");
        // Their seats stay taken until the consumer has passed their tickets by.
        assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 3 }));
        assert_eq!(&*consumer.read().unwrap(), b"committed");
        consumer.release().unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 2);
        consumer.release().unwrap();
        let (_one, mut two) = (ring.producer().unwrap(), ring.producer().unwrap());
        two.push(3, &[3; 56]).unwrap();
        assert_eq!(consumer.read().unwrap()[..], [3; 56]);
    });
}

/// Without being told: looks often enough, and it finds out by itself.
#[test]
fn orphans_are_found_by_waiting() {
    cooperative(SMALL, |ring| {
        let mut dead = of_party(&ring, 5).producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        let mut living = ring.producer().unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        mem::forget(dead);
        living.push(2, b"").unwrap();
        for _ in 0..200 {
            assert_eq!(consumer.read().err(), Some(Error::Empty), "it may live");
        }
        assert_eq!(declare_dead(&ring, 5), 1);
        let looks = (1..).find(|_| consumer.read().is_ok()).unwrap();
        assert!(looks <= 66, "{looks}");
    });
}

#[test]
fn a_suspect_that_dies_gives_its_space_back() {
    cooperative(SMALL, |ring| {
        let mut dead = of_party(&ring, 5).producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        let mut living = ring.producer().unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        assert_eq!(consumer.suspect(dead.seat()), Ok(true));
        mem::forget(dead);
        while living.push(2, b"").is_ok() {
            assert_eq!(consumer.read().unwrap().tag(), 2);
        }
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        assert_eq!(living.push(2, b""), Err(Error::Full));
        assert_eq!(declare_dead(&ring, 5), 1);
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        living.push(3, &[0; 56]).unwrap();
        assert!(ring.producer().is_ok());
    });
}

#[test]
fn a_consumer_is_succeeded_in_the_middle_of_a_batch() {
    cooperative(SMALL, |ring| {
        let mut producer = ring.producer().unwrap();
        let mut consumer = of_party(&ring, 6).consumer().unwrap();
        assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
        producer.push(0, b"").unwrap();
        producer.push_batch([(1, &b"one"[..]), (2, b"two"), (3, b"three")]).unwrap();
        for tag in 0..2 {
            assert_eq!(consumer.read().unwrap().tag(), tag);
        }
        drop(consumer);
        let mut consumer = of_party(&ring, 6).consumer().unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"two");
        // It dies with a record in its hands.
        mem::forget(consumer.read().unwrap());
        mem::forget(consumer);
        assert_eq!(declare_dead(&ring, 6), 1);
        let mut consumer = ring.consumer().unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"three");
        assert_eq!(consumer.read().err(), Some(Error::Empty));
    });
}

#[test]
fn exclusive_attach_frees_all_and_keeps_records() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(SMALL), 7).unwrap();
    let ring = MpscRing::open(&sections, ID).unwrap();
    let mut producers = [0; 3].map(|_| ring.producer().unwrap());
    let mut consumer = ring.consumer().unwrap();
    producers[0].push(1, b"read").unwrap();
    assert_eq!(consumer.read().unwrap().tag(), 1);
    mem::forget(producers[0].try_claim(8).unwrap());
    mem::forget(producers[1].try_claim(0).unwrap());
    assert_eq!(consumer.suspect(1), Ok(true));
    producers[2].push(2, b"kept").unwrap();
    mem::forget((producers, consumer));
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let ring = MpscRing::open(&sections, ID).unwrap();
    let mut producers = [0; 3].map(|_| ring.producer().unwrap());
    let mut consumer = ring.consumer().unwrap();
    assert_eq!(&*consumer.read().unwrap(), b"kept");
    assert_eq!(consumer.read().err(), Some(Error::Empty));
    producers[1].push(3, &[3; 56]).unwrap();
    assert_eq!(consumer.read().unwrap()[..], [3; 56]);
}
