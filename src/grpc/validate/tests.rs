//! Bad input of every kind gets its field and its reason.

use super::*;

fn validator() -> Validator {
    let time = Duration::from_secs(300);
    let ceilings = Limits {
        wall_time: time,
        cpu_time: time,
        compile_time: time,
        memory_bytes: 1 << 30,
        output_bytes: 1 << 20,
        disk_bytes: u64::MAX,
        inodes: u64::MAX,
        file_bytes: u64::MAX,
        processes: u64::MAX,
        open_files: u64::MAX,
        stack_bytes: 64 << 20,
        stack_bytes_max: u64::MAX,
    };
    Validator { catalogue: Catalogue::load(None).unwrap(), ceilings }
}

fn request() -> proto::ExecuteRequest {
    proto::ExecuteRequest { language: "python".into(), code: "pass".into(), ..Default::default() }
}

fn file(path: &str) -> proto::File {
    proto::File { path: path.into(), ..Default::default() }
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut proto::ExecuteRequest), words: &str) {
    let mut request = request();
    change(&mut request);
    let status = validator().execution(request, Call::Unary, Tenant::new(""), None).unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert!(status.message().contains(words), "{}", status.message());
}

#[test]
fn a_good_request_becomes_an_execution() {
    let mut request = request();
    request.language = "PY".into();
    request.files = vec![file("data/a.txt"), file("data/b.txt"), file("..data")];
    let execution = validator().execution(request, Call::Unary, Tenant::new(""), None).unwrap();
    assert_eq!(execution.language.as_str(), "python");
    assert_eq!(execution.main, "main.py");
    assert_eq!(execution.files.len(), 4);
}

#[test]
fn an_unknown_language_is_answered_with_the_known_ones() {
    check_refused(|r| r.language = "cobol".into(), "\"cobol\" is not known; this server has cpp, go, java");
    check_refused(|r| r.language.clear(), "language: it is required");
}

#[test]
fn paths_stay_in_the_workspace() {
    for (path, words) in [
        ("/etc/passwd", "is absolute"),
        ("a/../../b", "contains \"..\""),
        ("..", "contains \"..\""),
        ("./a", "contains \".\""),
        ("a//b", "has an empty part"),
        ("a/", "has an empty part"),
        ("", "is empty"),
        ("a\0b", "contains NUL"),
    ] {
        check_refused(|r| r.files = vec![file(path)], words);
    }
    check_refused(|r| r.files = vec![file(&"a/".repeat(3000))], "has 6000 bytes; the most is 4096");
    check_refused(|r| r.files = vec![file(&"a".repeat(300))], "has a part of 300 bytes; the most is 255");
}

#[test]
fn files_do_not_collide() {
    check_refused(|r| r.files = vec![file("a"), file("a")], "files[1].path: \"a\" comes twice");
    check_refused(
        |r| r.files = vec![file("a"), file("a.b"), file("a/b")],
        "\"a\" is both a file and a directory",
    );
    check_refused(|r| r.files = vec![file("main.py")], "\"main.py\" is where `code` is saved");
    check_refused(|r| r.files = vec![file("main.py/x")], "\"main.py\" is where `code` is saved");
    check_refused(
        |r| r.files = (0..10_000).map(|n| file(&n.to_string())).collect(),
        "there are 10000 of them",
    );
}

#[test]
fn there_is_exactly_one_main_file() {
    check_refused(|r| r.code.clear(), "code: it is empty");
    check_refused(|r| r.entrypoint = "a.py".into(), "send one of the two");
    check_refused(
        |r| (r.code, r.entrypoint) = (String::new(), "a.py".into()),
        "\"a.py\" is not among `files`",
    );
    let dash = |r: &mut proto::ExecuteRequest| {
        (r.code, r.entrypoint, r.files) = (String::new(), "-c".into(), vec![file("-c")]);
    };
    check_refused(dash, "begins with a dash");
    check_refused(|r| r.code = "#".repeat(CODE_BYTES_MAX + 1), "the most is 16777216");
}

#[test]
fn limits_over_their_ceiling_name_it() {
    let limits = |limits| move |r: &mut proto::ExecuteRequest| r.limits = Some(limits);
    let memory = proto::Limits { memory_bytes: 1 << 40, ..Default::default() };
    check_refused(
        limits(memory),
        "limits.memory_bytes: 1099511627776 bytes is outside of 16777216 bytes to 1073741824",
    );
    let time = |seconds| proto::Limits {
        wall_time: Some(prost_types::Duration { seconds, nanos: 0 }),
        ..Default::default()
    };
    check_refused(limits(time(301)), "limits.wall_time: 301s is outside of 1ms to 300s");
    check_refused(limits(time(-1)), "limits.wall_time: it is negative");
    let processes = proto::Limits { processes: 257, ..Default::default() };
    check_refused(limits(processes), "limits.processes: 257 is outside of 1 to 256");
}

#[test]
fn strings_can_be_given_to_a_process() {
    check_refused(|r| r.args = vec!["a\0".into()], "args[0]: it contains NUL");
    check_refused(
        |r| r.args = vec!["a".repeat(200 << 10)],
        "args[0]: it contains NUL or has over 131071 bytes",
    );
    check_refused(|r| r.args = vec![String::new(); 100_000], "args and env have over 262144 bytes together");
    check_refused(|r| r.env = [("a=b".into(), "c".into())].into(), "a variable's name");
    check_refused(|r| r.env = [("a".into(), "\0".into())].into(), "env[\"a\"]: it contains NUL");
    check_refused(|r| r.labels = [("a".into(), "b".repeat(300))].into(), "one has over 256 bytes");
}

#[test]
fn everything_wrong_is_said_at_once_but_not_more_than_helps() {
    let mut request = request();
    request.language = "cobol".into();
    request.files = (0..999).map(|_| file("/")).collect();
    let status = validator().execution(request, Call::Unary, Tenant::new(""), None).unwrap_err();
    let details = tonic_types::StatusExt::get_error_details(&status);
    assert_eq!(details.bad_request().unwrap().field_violations.len(), Wrong::MOST);
}

#[test]
fn what_comes_later_is_unimplemented_rather_than_ignored() {
    let request = proto::ExecuteRequest { session_id: "mine".into(), ..request() };
    assert_eq!(
        validator().execution(request, Call::Unary, Tenant::new(""), None).unwrap_err().code(),
        tonic::Code::Unimplemented
    );
}
