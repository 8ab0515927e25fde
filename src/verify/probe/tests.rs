//! Many policies and identities: what is tried, what is not.
