"""The invitation as an office writes it: giấy mời or giấy triệu tập in the form of the State or of the Party, its text
editable before it goes out, printed in volumes and attached to e-mails."""
