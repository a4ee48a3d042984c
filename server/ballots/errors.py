from server.core.errors import Conflict, NotAllowed


class BallotClosed(Conflict):
    """Details: `state`."""

    code = "ballot-closed"
    vi = "Cuộc biểu quyết đã đóng. Phiếu của đồng chí chưa được ghi nhận."
    en = "This vote is closed. Yours was not taken."


class AlreadyVoted(Conflict):
    code = "already-voted"
    vi = "Phiếu kín của đại biểu này đã được ghi nhận rồi, không đổi được nữa."
    en = "This delegate's secret ballot is in already and cannot be changed."


class NotVoter(NotAllowed):
    code = "not-voter"
    vi = "Đồng chí không có tên trong danh sách được biểu quyết của cuộc họp này, hoặc đã có người dự thay."
    en = "You are not on this meeting's list of voters, or somebody represents you."


class NotPresent(Conflict):
    code = "not-present"
    vi = "Đồng chí chưa điểm danh. Điểm danh (quét mã tại điểm cầu, hoặc chọn dự trực tuyến) rồi biểu quyết."
    en = "You have not checked in. Check in (by the hall's code, or online), then vote."


class CountedInHall(Conflict):
    code = "counted-in-hall"
    vi = "Điểm cầu của đồng chí đã chốt số đếm tại chỗ. Báo thư ký điểm cầu nếu đồng chí chưa được đếm."
    en = "Your hall has settled its count. Tell the hall's secretary if you were not counted."


class TooManyCounted(Conflict):
    """Details: `people`, `voted`, `left`."""

    code = "too-many-counted"
    vi = "Số đếm nhiều hơn số đại biểu còn lại của điểm cầu. Đếm lại, không đếm người đã biểu quyết trên máy."
    en = "More were counted than the hall has left. Count again, without those who voted by device."
