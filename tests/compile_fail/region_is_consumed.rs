//! A region is formatted or attached to once.
use inos_core::*;

pub fn case(region: Region<'_, Cooperative>, layout: &Layout) -> Result<(), Error> {
    Sections::create(region, layout, 1)?.check()?;
    Sections::attach(region)?.check()?; //~ E0382
    Ok(())
}
