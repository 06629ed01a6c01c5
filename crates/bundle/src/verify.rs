use crate::error::OpenError;
use crate::schema::Tables;
pub(crate) fn check(_tables: &Tables<'_>) -> Result<(), OpenError> {
    Ok(())
}
