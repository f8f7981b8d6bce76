//! Why the system gives no watch, and what can be done about it.

/// An error without the paths, which the message has already.
pub(super) fn plainly(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => crate::reader::plain(error),
        notify::ErrorKind::MaxFilesWatch => "the system's limit of watched folders is reached".to_owned(),
        notify::ErrorKind::PathNotFound => "it does not exist".to_owned(),
        _ => error.to_string(),
    }
}

/// What can be done about a watch that the system does not give.
pub(super) fn hint(error: &notify::Error) -> Option<&'static str> {
    /// Too many open files: that is how Linux says that a user has too many watchers.
    const EMFILE: i32 = 24;
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => Some("raise the limit: `sysctl fs.inotify.max_user_watches=524288`"),
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            Some("raise the limit: `sysctl fs.inotify.max_user_instances=512`")
        }
        _ => None,
    }
}
