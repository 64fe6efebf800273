//! What each method says it does.
