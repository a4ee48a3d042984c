use super::*;

#[test]
fn sound_overtakes_pictures_behind_the_frame_that_has_begun() {
    let mut backlog = Backlog::default();
    backlog.begin(&[1, 1]);
    assert_eq!(backlog.push(&[2; 10], 2, Urgency::Yields), 0);
    assert_eq!(backlog.push(&[3; 4], 1, Urgency::Waits), 0);
    let mut order = Vec::new();
    while let Some(bytes) = backlog.front() {
        order.push(bytes[0]);
        let part = bytes.len().min(3);
        backlog.advance(part);
    }
    assert_eq!(order, [1, 3, 3, 2, 2, 2, 2]);
    assert!(backlog.is_empty() && backlog.bytes == 0);
}

#[test]
fn pictures_that_have_waited_too_long_are_given_up_and_sound_is_not() {
    let mut backlog = Backlog::default();
    backlog.push(&[2; 10], 2, Urgency::Yields);
    backlog.push(&[3; 4], 1, Urgency::Waits);
    assert_eq!(backlog.give_up(Instant::now()), 0);
    assert_eq!(backlog.give_up(Instant::now() + Duration::from_secs(1)), 2);
    assert_eq!(backlog.front(), Some(&[3; 4][..]));
}

#[test]
fn what_waits_is_bounded() {
    let mut backlog = Backlog::default();
    let frames = vec![0; 60_000];
    let refused: u64 = (0..10).map(|_| backlog.push(&frames, 50, Urgency::Yields)).sum();
    assert_eq!(refused, 7 * 50);
    assert_eq!(backlog.push(&frames, 1, Urgency::Waits), 0, "room that pictures leave");
}

#[test]
fn who_does_not_show_to_be_a_peer_is_closed() {
    let mut port = TcpPort::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port.port().unwrap()));
    let mut inbox = TcpInbox::default();
    let now = Instant::now();
    let mut strangers: Vec<TcpStream> = (0..MAX_UNCONFIRMED_OF_ADDRESS + 10)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    // The first says what it may, the second bears no frames.
    strangers[0].write_all(&[0, 2, 7, 7, 0, 3, 8]).unwrap();
    strangers[1].write_all(&[0xFF, 0xFF, 1]).unwrap();
    let mut frames = Vec::new();
    for _ in 0..50 {
        port.turn(&mut inbox, now);
        frames.extend(inbox.chains(now).map(|chain| (chain.from, chain.bytes.to_vec())));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].1, [7, 7]);
    let first = frames[0].0.connection.unwrap();
    assert_eq!(port.connections.len(), MAX_UNCONFIRMED_OF_ADDRESS - 1);
    port.confirm(first);
    port.tend(now + CONFIRMATION);
    assert_eq!(port.connections.keys().copied().collect::<Vec<_>>(), [first]);
    port.send(first, &[5; 25], 10, Urgency::Waits);
    let mut received = [0; 31];
    strangers[0].read_exact(&mut received).unwrap();
    assert_eq!(
        (received[..3].to_vec(), received[24..27].to_vec()),
        (vec![0, 10, 5], vec![0, 5, 5])
    );
    port.release(first);
    assert!(port.connections.is_empty());
}
