//! What a program finds in its container, and what it cannot do there.

use std::os::unix::fs::PermissionsExt;

use kiln::proto::{ExecuteRequest, Isolation, Outcome};

use crate::support::daemon::{Daemon, docker, program};

/// What a hostile program would try first; each line prints what it got.
const PROBE: &str = r#"
import os, socket, ctypes
def attempt(name, what):
    try: print(name, what())
    except BaseException as error: print(name, type(error).__name__)
attempt('uid', lambda: os.getuid() >= 10000 and os.getuid() == os.geteuid() == os.getgid())
attempt('groups', os.getgroups)
status = open('/proc/self/status').read()
for field in ['CapPrm', 'CapEff', 'CapAmb', 'NoNewPrivs', 'Seccomp']:
    print(field, [l.split()[1] for l in status.splitlines() if l.startswith(field + ':')][0])
attempt('setuid', lambda: os.setuid(0))
attempt('write root', lambda: open('/x', 'w'))
attempt('write etc', lambda: open('/etc/passwd', 'a'))
attempt('write agent', lambda: open('/kiln/agent', 'ab'))
attempt('interfaces', lambda: [name for _, name in socket.if_nameindex()])
attempt('metadata', lambda: socket.create_connection(('169.254.169.254', 80), 1))
attempt('kill init', lambda: os.kill(1, 9))
attempt('mount', lambda: ctypes.CDLL(None, use_errno=True).mount(b'none', b'/tmp', b'tmpfs', 0, b''))
attempt('engine socket', lambda: os.path.exists('/var/run/docker.sock'))
agents = [p for p in os.listdir('/proc') if p.isdigit() and b'agent\0agent' in open(f'/proc/{p}/cmdline', 'rb').read()]
attempt('agents', lambda: len(agents))
attempt('kill agent', lambda: os.kill(int(agents[0]), 9))
attempt('agent memory', lambda: open(f'/proc/{agents[0]}/mem', 'rb'))
attempt('agent descriptors', lambda: os.listdir(f'/proc/{agents[0]}/fd'))
attempt('agent environment', lambda: open(f'/proc/{agents[0]}/environ', 'rb').read())
# The fourth is the listing itself.
attempt('descriptors', lambda: sorted(map(int, os.listdir('/proc/self/fd'))))
attempt('secret variables', lambda: [n for n in os.environ if 'KILN' in n])
"#;

#[tokio::test]
async fn a_program_has_nothing_to_gain_in_its_container() {
    let daemon = Daemon::start(&["python"]).await;
    let reply = daemon.run("python", PROBE).await;
    let run = reply.run.unwrap();
    let told = String::from_utf8_lossy(&run.stdout).into_owned();
    let none = "0000000000000000";
    let expected = format!(
        "uid True\ngroups []\nCapPrm {none}\nCapEff {none}\nCapAmb {none}\nNoNewPrivs 1\nSeccomp 2\n\
         setuid PermissionError\nwrite root OSError\nwrite etc PermissionError\nwrite agent OSError\n\
         interfaces ['lo']\nmetadata OSError\nkill init PermissionError\nmount -1\nengine socket False\nagents 1\n\
         kill agent PermissionError\nagent memory PermissionError\nagent descriptors PermissionError\n\
         agent environment PermissionError\ndescriptors [0, 1, 2, 3]\nsecret variables []\n"
    );
    let same = |name: &str| !matches!(name.split(' ').next(), Some("write"));
    let filtered = |text: &str| text.lines().filter(|line| same(line)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(filtered(&told), filtered(&expected), "{}", String::from_utf8_lossy(&run.stderr));
    // A read-only file system and a missing permission are as good as each other.
    for line in told.lines().filter(|line| line.starts_with("write")) {
        assert!(line.ends_with("OSError") || line.ends_with("PermissionError"), "{line}");
    }
    daemon.stop();
}

#[tokio::test]
async fn one_shot_executions_never_share_a_container_or_a_uid() {
    let daemon = Daemon::start(&["python"]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..6 {
        let code = "import os\nprint(os.getuid(), os.listdir('.'), os.listdir('/tmp'), os.listdir('/dev/shm'))\n\
            open('/tmp/left', 'w').write('x'); open('left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')";
        let isolation = Isolation::OneShot.into();
        let request = ExecuteRequest { isolation, ..program("python", code) };
        let reply = daemon.execute(request).await.unwrap();
        let said = String::from_utf8(reply.run.unwrap().stdout).unwrap();
        let (uid, files) = said.split_once(' ').unwrap();
        assert_eq!(files, "['main.py'] [] []\n");
        assert!(seen.insert(uid.to_owned()), "uid {uid} came twice");
        assert!(seen.insert(reply.placement.unwrap().container_id), "a container came twice");
    }
    daemon.stop();
}

#[tokio::test]
async fn containers_are_made_as_the_design_says() {
    let daemon = Daemon::start(&["python"]).await;
    let id = docker(&["ps", "-q", "--filter", &format!("label=kiln.instance={}", daemon.instance)]);
    let id = id.lines().next().unwrap();
    let facts = |format: &str| docker(&["inspect", "--format", format, id]).trim().to_owned();
    assert_eq!(
        facts("{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}} {{.HostConfig.AutoRemove}}"),
        "true none true"
    );
    assert_eq!(facts("{{.HostConfig.CapDrop}}"), "[ALL]");
    assert_eq!(facts("{{.HostConfig.Privileged}}"), "false");
    assert_eq!(facts("{{.HostConfig.LogConfig.Type}} {{.HostConfig.IpcMode}}"), "none private");
    assert_eq!(facts("{{.HostConfig.SecurityOpt}}"), "[no-new-privileges:true]");
    assert_eq!(facts("{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}"), format!("{0} {0}", 512 << 20));
    assert_eq!(facts("{{.Config.Healthcheck.Test}}"), "[NONE]");
    assert_eq!(facts("{{index .Config.Labels \"kiln.language\"}}"), "python");
    daemon.stop();
}

#[tokio::test]
async fn any_image_with_the_toolchain_will_do() {
    // An image with nothing but a static binary: no shell, no libc, no user database.
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::write(directory.path().join("tool"), kiln::app::AGENTS[0].content).unwrap();
    std::fs::set_permissions(directory.path().join("tool"), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(directory.path().join("Dockerfile"), "FROM scratch\nCOPY tool /tool\n").unwrap();
    docker(&["build", "-q", "-t", "kiln-test-scratch:local", &directory.path().display().to_string()]);

    let languages = tempfile::TempDir::new().unwrap();
    let folder = languages.path().join("bare");
    std::fs::create_dir_all(folder.join("smoke")).unwrap();
    let spec = include_str!("bare-language.toml");
    std::fs::write(folder.join("language.toml"), spec).unwrap();
    let settings = [("KILN__LANGUAGES__DIRECTORY", languages.path().to_str().unwrap())];
    let daemon = Daemon::start_with(&["bare"], &settings).await;
    let reply = daemon.run("bare", "anything").await;
    let run = reply.run.unwrap();
    // The tool is the agent's own binary, which says how it wants to be called.
    assert_eq!((reply.outcome, run.exit_code), (i32::from(Outcome::NonzeroExit), 1), "{}", reply.message);
    assert!(String::from_utf8_lossy(&run.stderr).contains("usage: kiln-agent"), "{run:?}");
    daemon.stop();
    docker(&["rmi", "kiln-test-scratch:local"]);
}
