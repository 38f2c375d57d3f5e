//! A database of its own for each test, on the server that `TEST_DATABASE_URL` names, else on a private one that
//! lives as long as the test program.
