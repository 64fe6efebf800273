//! Memory by pointer is taken on the caller's word only, and so are proofs of death.
use core::ptr::NonNull;

use inos_core::*;

pub fn case(base: NonNull<u8>) -> Result<Region<'static, Cooperative>, Error> {
    Region::from_raw_parts(base, 4096, Access::ReadWrite) //~ E0133 or: unsafe { Region::from_raw_parts(base, 4096, Access::ReadWrite) }
}

pub struct Oracle;

#[rustfmt::skip] // the mark belongs to the line
impl Liveness for Oracle { //~ E0200 or: unsafe impl Liveness for Oracle {
    type Guard = ();
    const SCHEME: u32 = 256;
    const EXCLUSIVE: bool = true;
    fn covers(&self, _: *const u8) -> bool {
        true
    }
    fn enter(&self, _: u16) -> Result<Option<()>, Error> {
        Ok(None)
    }
    fn is_dead(&self, _: u16) -> bool {
        true
    }
}
