"""Offers of real peers are answered so that both sides agree; bad ones are refused with a code and nothing else."""

import re
from collections import Counter
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from media.contract import Publication
from media.node.sdp.answer import Endpoint, LocalTransport, write_answer
from media.node.sdp.offer import Refused, parse_offer
from media.node.sdp.terms import AUDIO_LEVEL, MID, TRANSPORT_CC, Terms, agree

OFFERS = {path.stem: path.read_bytes().decode() for path in (Path(__file__).parent / "offers").glob("*.sdp")}
CHROMIUM = OFFERS["chromium-hall"]
CHROMIUM_PUBLISH: dict[str, Publication] = {"0": "microphone", "1": "camera", "2": "content", "3": "content-audio"}
CHROMIUM_SLOTS = {
    "4": "audio-0",
    "5": "audio-1",
    "6": "audio-2",
    "7": "stage",
    "8": "content",
    "9": "tile-0",
    "10": "tile-1",
}
LOCAL = LocalTransport(
    "abcd",
    "p" * 22,
    ":".join(["AB"] * 32),
    (Endpoint("192.0.2.7", 7000), Endpoint("2001:db8::7", 17000)),
    (Endpoint("192.0.2.8", 443),),
)


def negotiate(sdp: str, publish: dict[str, Publication], slots: dict[str, str]) -> tuple[Terms, str]:
    offer = parse_offer(sdp)
    terms = agree(offer, publish, slots)
    return terms, write_answer(offer, terms, LOCAL)


def sections(sdp: str) -> list[str]:
    return re.split(r"\r\n(?=m=)", sdp)[1:]


def four(name: str) -> tuple[dict[str, Publication], dict[str, str]]:
    """The maps for an offer of microphone, camera, one audio slot and the stage, in this order."""
    mids = re.findall(r"a=mid:(\S+)", OFFERS[name])
    return {mids[0]: "microphone", mids[1]: "camera"}, {mids[2]: "audio-0", mids[3]: "stage"}


def refusal(sdp: str, publish: dict[str, Publication], slots: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        negotiate(sdp, publish, slots)
    return refused.value.code


def test_a_hall_in_chromium_is_served_with_everything_it_offers() -> None:
    terms, answer = negotiate(CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert [(s.mid, s.publication, s.codecs[0].name) for s in terms.sources] == [
        ("0", "microphone", "opus"),
        ("1", "camera", "VP8"),
        ("2", "content", "VP8"),
        ("3", "content-audio", "opus"),
    ]
    assert {slot.mid: slot.slot for slot in terms.slots} == CHROMIUM_SLOTS
    stage = next(slot for slot in terms.slots if slot.slot == "stage")
    assert [(codec.name, codec.format.payload_type) for codec in stage.codecs] == [("VP8", 96), ("H264", 108)]
    assert [codec.rtx.payload_type for codec in stage.codecs if codec.rtx] == [97, 109]
    assert terms.feedback == "transport-cc"
    assert terms.extensions == {MID: 4, AUDIO_LEVEL: 1, TRANSPORT_CC: 3}
    assert terms.dtls_role == "server"
    assert re.findall(r"a=mid:(\S+)", answer) == [str(n) for n in range(11)]
    assert "a=ice-lite\r\n" in answer.split("\r\nm=")[0] + "\r\n"
    assert "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9 10" in answer


@pytest.mark.parametrize("name", ["aiortc", "str0m"])
def test_other_peers_are_served_too(name: str) -> None:
    publish, slots = four(name)
    terms, answer = negotiate(OFFERS[name], publish, slots)
    assert [source.codecs[0].name for source in terms.sources] == ["opus", "VP8"]
    assert [slot.slot for slot in terms.slots] == ["audio-0", "stage"]
    assert terms.feedback == {"aiortc": "remb", "str0m": "transport-cc"}[name]
    assert re.findall(r"a=(sendonly|recvonly|inactive)", answer) == ["recvonly", "recvonly", "sendonly", "sendonly"]


def test_the_answer_reads_back_in_an_independent_parser() -> None:
    terms, answer = negotiate(CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    parsed = SessionDescription.parse(answer)
    assert [media.rtp.muxId for media in parsed.media] == [str(n) for n in range(11)]
    assert [(c.protocol, c.ip, c.port, c.type, c.tcpType) for c in parsed.media[0].ice_candidates] == [
        ("udp", "192.0.2.7", 7000, "host", None),
        ("udp", "2001:db8::7", 17000, "host", None),
        ("tcp", "192.0.2.8", 443, "host", "passive"),
    ]
    first, second, by_tcp = parsed.media[0].ice_candidates
    assert first.priority > second.priority > by_tcp.priority
    for media in parsed.media:
        assert media.dtls is not None
        assert media.dtls.role == "server"
        assert media.dtls.fingerprints[0].value == LOCAL.fingerprint
        assert media.ice.iceLite
        assert media.rtcp_mux
    stage = parsed.media[7]
    slot = next(each for each in terms.slots if each.mid == "7")
    assert stage.ssrc_group[0].items == [slot.ssrc, slot.rtx_ssrc]
    assert [each.ssrc for each in stage.ssrc] == [slot.ssrc, slot.rtx_ssrc]
    # The core's reports give the same one: two would be two clocks (RFC 3550 section 6.5.1).
    assert {each.cname for media in parsed.media for each in media.ssrc} == {"nhipcau"}
    numbers = [n for each in terms.slots for n in (each.ssrc, each.rtx_ssrc) if n is not None]
    assert max(Counter(numbers).values()) == 1


def test_feedback_is_what_was_offered_and_nothing_more() -> None:
    _, answer = negotiate(CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    camera, stage = sections(answer)[1], sections(answer)[7]
    assert set(re.findall(r"a=rtcp-fb:96 (.*)", camera)) == {"nack\r", "nack pli\r", "ccm fir\r", "transport-cc\r"}
    assert set(re.findall(r"a=rtcp-fb:96 (.*)", stage)) == {"nack\r", "nack pli\r", "ccm fir\r", "transport-cc\r"}
    assert TRANSPORT_CC in stage, "without its numbers a receiver has nothing to tell"
    assert "goog-remb" not in answer
    untold, plain = negotiate(OFFERS["aiortc"], *four("aiortc"))
    assert "ccm fir" not in plain
    assert "transport-cc" not in plain
    assert not any(slot.tells_arrivals for slot in untold.slots)
    assert "goog-remb" in plain


def test_opus_has_fec_and_stereo_as_offered() -> None:
    _, mono = negotiate(CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert "a=fmtp:111 minptime=10;useinbandfec=1\r\n" in sections(mono)[0] + "\r\n"
    offered = CHROMIUM.replace("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1;stereo=1")
    _, stereo = negotiate(offered, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert "useinbandfec=1;stereo=1" in sections(stereo)[0]


def test_pictures_begin_with_a_usable_bit_rate() -> None:
    _, answer = negotiate(CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert "a=fmtp:96 x-google-start-bitrate=800\r\n" in sections(answer)[1]
    assert "x-google" not in sections(answer)[0] + sections(answer)[7]


def test_a_publisher_without_vp8_sends_h264() -> None:
    offered = CHROMIUM.replace(" VP8/90000", " VPX/90000")
    terms, _ = negotiate(offered, {"1": "camera"}, {"7": "stage"})
    codec = terms.sources[0].codecs[0]
    assert (codec.name, codec.format.payload_type) == ("H264", 108)
    assert codec.format.parameters["profile-level-id"] == "42e01f"


def test_sections_that_cannot_be_served_are_rejected_in_place() -> None:
    without_video_codecs = re.sub(r" (VP8|H264)/90000", " AV2/90000", CHROMIUM)
    terms, answer = negotiate(without_video_codecs, {"0": "microphone", "1": "camera"}, {"4": "audio-0"})
    ports = [int(re.match(r"m=\w+ (\d+)", section)[1]) for section in sections(answer)]  # type: ignore[index]
    assert ports == [7000, 0, 0, 0, 7000, 0, 0, 0, 0, 0, 0]
    assert re.findall(r"a=mid:(\S+)", answer) == [str(n) for n in range(11)]
    assert "a=group:BUNDLE 0 4\r\n" in answer
    assert [source.publication for source in terms.sources] == ["microphone"]


def test_the_candidates_stand_in_every_section_that_is_served() -> None:
    _, answer = negotiate(CHROMIUM, {"1": "camera"}, {"7": "stage"})
    assert ["a=candidate" in section for section in sections(answer)] == [mid in (1, 7) for mid in range(11)]


def test_a_data_channel_is_rejected_and_the_rest_served() -> None:
    data = (
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=sctp-port:5000\r\n"
        "a=setup:actpass\r\n"
    )
    _, answer = negotiate(CHROMIUM + data, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" in answer


def test_a_section_waiting_for_its_bundle_is_served() -> None:
    """Chromium with `bundlePolicy: max-bundle` may write port 0 and a=bundle-only."""
    head, *rest = re.split(r"(?=m=)", CHROMIUM)
    waiting = [
        re.sub(r"^(m=\w+) 9", r"\1 0", part).replace("a=rtcp-mux", "a=bundle-only\r\na=rtcp-mux") for part in rest[1:]
    ]
    terms, _ = negotiate(head + rest[0] + "".join(waiting), CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    assert len(terms.slots) == 7


def test_a_passive_offer_makes_us_the_dtls_client() -> None:
    terms, answer = negotiate(CHROMIUM.replace("a=setup:actpass", "a=setup:passive"), CHROMIUM_PUBLISH, {})
    assert terms.dtls_role == "client"
    assert set(re.findall(r"a=setup:(\w+)", answer)) == {"active"}


def test_tracks_without_ssrc_are_found_by_mid() -> None:
    offered = re.sub(r"a=ssrc[^\r]*\r\n", "", CHROMIUM)
    terms, _ = negotiate(offered, CHROMIUM_PUBLISH, {})
    assert {source.ssrc for source in terms.sources} == {None}
    assert refusal(offered.replace(MID, "urn:other"), CHROMIUM_PUBLISH, {}) == "bad-sdp"


@pytest.mark.parametrize(
    ("publish", "slots", "code"),
    [
        ({"99": "camera"}, {}, "bad-sdp"),
        ({"0": "camera"}, {}, "bad-sdp"),
        ({"7": "camera"}, {}, "bad-sdp"),
        ({"1": "camera", "2": "camera"}, {}, "bad-sdp"),
        ({}, {"4": "stage"}, "bad-sdp"),
        ({}, {"7": "tile-25"}, "bad-sdp"),
        ({}, {"7": "stage\r\na=x:y"}, "bad-sdp"),
        ({}, {"7": "stage", "8": "stage"}, "bad-sdp"),
        ({"1": "camera"}, {"1": "stage"}, "bad-sdp"),
        ({}, {}, "no-common-codec"),
        ({}, {str(n): f"tile-{n}" for n in range(41)}, "too-many-slots"),
    ],
)
def test_an_offer_that_contradicts_its_maps_is_refused(
    publish: dict[str, Publication], slots: dict[str, str], code: str
) -> None:
    assert refusal(CHROMIUM, publish, slots) == code


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("^v=0", "v=1"),
        (r"a=ice-pwd:\S+", "a=ice-pwd:short"),
        (r"a=ice-ufrag:\S+", "a=ice-ufrag:x y"),
        (r"a=fingerprint:sha-256 \S+", "a=fingerprint:sha-1 AB:CD"),
        (r"a=setup:actpass", "a=setup:holdconn"),
        (r"a=mid:1\r", "a=mid:0\r"),
        (r"a=ssrc:\d+ ", "a=ssrc:4294967296 "),
        (r"a=ssrc:\d+ ", "a=ssrc:5 "),
        (r"a=ssrc-group:FID \d+ \d+", "a=ssrc-group:FID 0 x"),
        (r"a=rtpmap:111 opus", "a=rtpmap:222 opus"),
        (r"a=extmap:4 ", "a=extmap:-4 "),
        (r"a=extmap:4 ", "a=extmap:1 "),
        (r"m=video 9 ", "m=video nine "),
        (r"packetization-mode=1", "packetization-mode=1\ra=x:y"),
    ],
)
def test_a_malformed_offer_is_refused(pattern: str, replacement: str) -> None:
    assert refusal(re.sub(pattern, replacement, CHROMIUM), CHROMIUM_PUBLISH, CHROMIUM_SLOTS) == "bad-sdp"


def test_an_endless_offer_is_refused() -> None:
    assert refusal(CHROMIUM + "a=x:y\r\n" * 100_000, CHROMIUM_PUBLISH, CHROMIUM_SLOTS) == "bad-sdp"
    section = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:s{}\r\n"
    assert refusal(CHROMIUM + "".join(section.format(n) for n in range(60)), CHROMIUM_PUBLISH, {}) == "bad-sdp"


def outcome(sdp: str) -> None:
    """Any text is either answered or refused; an answer keeps the sections' order and count."""
    try:
        _, answer = negotiate(sdp, CHROMIUM_PUBLISH, CHROMIUM_SLOTS)
    except Refused:
        return
    assert len(sections(answer)) == len(parse_offer(sdp).sections)


@given(st.text())
def test_any_text_is_answered_or_refused(text: str) -> None:
    outcome(text)
    outcome("v=0\r\n" + text)


LINES = CHROMIUM.split("\r\n")


@settings(max_examples=300)
@given(st.data())
def test_any_mutation_of_a_real_offer_is_answered_or_refused(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        what = data.draw(st.sampled_from(["drop", "repeat", "cut", "insert", "swap", "move"]))
        if what == "drop":
            lines.pop(index)
        elif what == "repeat":
            lines.insert(index, line)
        elif what == "cut":
            lines[index] = line[: data.draw(st.integers(0, len(line)))]
        elif what == "insert":
            position = data.draw(st.integers(0, len(line)))
            lines[index] = line[:position] + data.draw(st.text(max_size=8)) + line[position:]
        elif what == "swap":
            lines[index] = re.sub(r"\d+", str(data.draw(st.integers(-1, 2**33))), line, count=1)
        else:
            lines.insert(data.draw(st.integers(0, len(lines))), lines.pop(index))
    outcome("\r\n".join(lines))
