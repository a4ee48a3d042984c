use super::*;

fn pair() -> (Socket, UdpSocket, Path) {
    let sender = Socket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let remote = receiver.local_addr().unwrap();
    let path = Path {
        remote: remote.into(),
        local: None,
    };
    (sender, receiver, path)
}

#[test]
fn an_address_that_takes_nothing_changes_nothing_for_others() {
    let (mut sender, receiver, path) = pair();
    let before = sender.max_segments(path.remote.address.ip());
    assert!(before > 1, "the kernel under test segments");
    // Port 0 gives EINVAL, as a driver without segmentation does.
    let nowhere = Path {
        remote: SocketAddr::from(([127, 0, 0, 1], 0)).into(),
        local: None,
    };
    sender.send(&nowhere, &[1; 100], 100, Urgency::Waits);
    sender.send(&nowhere, &[1; 300], 100, Urgency::Waits);
    assert_eq!((sender.failures.datagrams, sender.failures.segmentation_off), (4, 0));
    assert_eq!(sender.max_segments(path.remote.address.ip()), before);
    sender.send(&path, &[7; 250], 100, Urgency::Yields);
    let mut buffer = [0; 400];
    let lengths: Vec<usize> = (0..3).map(|_| receiver.recv(&mut buffer).unwrap()).collect();
    assert_eq!((lengths, sender.failures.datagrams), (vec![100, 100, 50], 4));
}

#[test]
fn segmentation_is_off_for_one_address_and_for_a_while() {
    let start = Instant::now();
    let address = |last| IpAddr::from([192, 0, 2, last]);
    let mut unsegmented = Unsegmented::default();
    unsegmented.insert(address(1), start);
    assert!(unsegmented.contains(address(1)) && !unsegmented.contains(address(2)));
    unsegmented.expire(start + UNSEGMENTED - Duration::from_secs(1));
    assert!(unsegmented.contains(address(1)));
    unsegmented.expire(start + UNSEGMENTED);
    assert!(!unsegmented.contains(address(1)));
    for last in 0..64 {
        unsegmented.insert(address(last), start);
    }
    assert!(unsegmented.contains(address(200)), "it is the way out of here");
}

#[test]
fn video_waits_for_a_tenth_of_the_time() {
    let start = Instant::now();
    let mut allowance = Allowance::new(start);
    let mut waited = Duration::ZERO;
    for ms in (0..1_000).step_by(2) {
        allowance.grow(start + Duration::from_millis(ms));
        if !allowance.is_used_up() {
            allowance.take(PATIENCE);
            waited += PATIENCE;
        }
    }
    assert!((100..=122).contains(&waited.as_millis()), "{waited:?}");
}

#[test]
fn datagrams_bear_the_time_at_which_the_kernel_had_them() {
    let (mut sender, _, _) = pair();
    let receiver = Socket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let path = Path {
        remote: SocketAddr::from(([127, 0, 0, 1], receiver.port().unwrap())).into(),
        local: None,
    };
    let mut inbox = Inbox::default();
    // The kernel begins to stamp a moment after the first socket on the machine has asked for it.
    let stamped = (0..20).any(|_| {
        let before = Instant::now();
        sender.send(&path, &[1; 100], 100, Urgency::Waits);
        let sent = Instant::now();
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(inbox.receive(&receiver), 1);
        let read = inbox.received_at();
        let arrived = inbox.chains(1).next().unwrap().arrived;
        assert!(read.duration_since(sent) >= Duration::from_millis(60));
        let slack = Duration::from_millis(10); // the two clocks are read one after the other
        arrived + slack >= before && arrived <= sent + slack
    });
    assert!(stamped);
}

#[test]
fn a_wall_clock_that_was_set_meanwhile_does_not_count() {
    let now = Instant::now();
    let wall = Duration::from_secs(1_000);
    assert_eq!(
        arrival(wall - Duration::from_millis(30), now, wall),
        now - Duration::from_millis(30)
    );
    assert_eq!(arrival(wall + Duration::from_secs(3), now, wall), now);
    assert_eq!(arrival(wall - Duration::from_secs(3), now, wall), now);
}

#[test]
fn granted_buffers_are_read_back() {
    let (sender, _, _) = pair();
    let (receive, send) = sender.buffer_sizes().unwrap();
    assert!(receive > 64 * 1024 && receive <= BUFFER, "{receive}");
    assert!(send > 64 * 1024 && send <= BUFFER, "{send}");
}
