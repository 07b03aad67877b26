//! System V objects: they belong to nobody's life, so they outlive the job that made them.

use std::io;

use nix::libc;
use nix::unistd::{Uid, setresuid};

use super::Unclean;
use super::facts::Witness;

/// The three kinds, as `/proc/sysvipc` names them.
pub(super) const KINDS: [&str; 3] = ["shm", "sem", "msg"];

/// Removes all of the dead job's. Only their owner may, so it is done with the job's effective uid.
pub(super) fn remove_all(witness: &mut Witness, job: Uid) -> Result<(), Unclean> {
    for (kind, name) in KINDS.iter().enumerate() {
        let table = witness.ipc_table(kind)?;
        let ids: Vec<libc::c_int> = table.lines().skip(1).filter_map(id).collect();
        if ids.is_empty() {
            continue;
        }
        let root = Uid::from_raw(0);
        setresuid(root, job, root)?;
        let removed: Vec<libc::c_int> = ids.iter().map(|id| remove(kind, *id)).collect();
        setresuid(root, root, root)?;
        if removed.iter().any(|result| *result != 0) {
            return Err(Unclean(format!("a System V object ({name}) cannot be removed")));
        }
    }
    Ok(())
}

/// The second column of every table.
fn id(line: &str) -> Option<libc::c_int> {
    line.split_whitespace().nth(1)?.parse().ok()
}

fn remove(kind: usize, id: libc::c_int) -> libc::c_int {
    // SAFETY: IPC_RMID reads and writes no memory of the caller's.
    let result = unsafe {
        match KINDS[kind] {
            "shm" => libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()),
            "sem" => libc::semctl(id, 0, libc::IPC_RMID),
            _ => libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()),
        }
    };
    // One that went away by itself, a segment nobody is attached to any more, is as good.
    if result != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) { 0 } else { result }
}
