# posternd's outside, as far as it can be tested without a fleet.
postern_test(daemon LIBS postern_daemon)
