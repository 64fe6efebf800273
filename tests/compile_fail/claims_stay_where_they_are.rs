//! The claim in a grant is not to be had without the grant.
use inos_core::*;

pub fn case(grant: Grant<'_, '_>) {
    let _ = grant.space; //~ E0616
    grant.commit(1);
}
