"""The audience sync: makes an email tool agree with the audiences, with what it put there."""
