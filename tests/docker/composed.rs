//! The container that `make test-composed` runs daemons in is docker-compose.yml's, as the engine sees both.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::daemon::docker;
use crate::support::process;

/// What the two must agree in: everything that gives or takes something.
const FACTS: &str = "user {{.Config.User}} groups {{.HostConfig.GroupAdd}} read-only {{.HostConfig.ReadonlyRootfs}} \
    drop {{.HostConfig.CapDrop}} add {{.HostConfig.CapAdd}} privileged {{.HostConfig.Privileged}} \
    memory {{.HostConfig.Memory}} pids {{.HostConfig.PidsLimit}} log {{.HostConfig.LogConfig}} \
    pid {{.HostConfig.PidMode}} ipc {{.HostConfig.IpcMode}} devices {{.HostConfig.Devices}} \
    command {{.Path}} {{.Args}}";
/// Written in one way by docker run and in another by compose.
const SECURITY: &str = "{{range .HostConfig.SecurityOpt}}{{.}} {{end}}";
const MOUNTS: &str = "{{range .Mounts}}{{.Source}} {{.Destination}} {{.RW}}\n{{end}}";
const PORTS: &str =
    "{{range $port, $_ := .HostConfig.PortBindings}}{{$port}} {{(index $_ 0).HostIp}}\n{{end}}";

#[test]
#[ignore = "needs docker-compose and an image of Kiln's own: `make test-composed` runs it"]
fn a_daemon_of_the_tests_is_confined_as_compose_confines_it() {
    let image = process::image().expect("KILN_TEST_IMAGE names the image");
    let name = format!("kiln-test-{}", uuid::Uuid::new_v4().simple());
    let compose = |arguments: &[&str]| {
        let group = process::confinement().pop().unwrap();
        let output = Command::new("docker-compose")
            .args(["--file", concat!(env!("CARGO_MANIFEST_DIR"), "/docker-compose.yml")])
            .args([
                "--env-file",
                concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example"),
                "--project-name",
                &name,
            ])
            .args(arguments)
            .env("KILN_IMAGE", &image)
            .env("DOCKER_GID", group.strip_prefix("--group-add=").unwrap())
            .output()
            .expect("docker-compose is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    compose(&["up", "--no-start", "--no-build", "kiln"]);
    let theirs = compose(&["ps", "--quiet", "kiln"]);
    let mut arguments = vec!["create".to_owned(), "--label=kiln.test".to_owned()];
    arguments.extend(process::confinement());
    arguments.extend(process::published());
    arguments.push(format!("--volume={name}_cache:/var/cache/kiln"));
    arguments.extend([image.clone(), "serve".to_owned()]);
    let ours = docker(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    // The engine tells mounts in any order.
    let seen = |format: &str, id: &str| -> BTreeSet<String> {
        docker(&["inspect", "--format", format, id.trim()]).lines().map(str::to_owned).collect()
    };
    let both = [FACTS, SECURITY, MOUNTS, PORTS].map(|format| (seen(format, &ours), seen(format, &theirs)));
    docker(&["rm", ours.trim()]);
    compose(&["down", "--volumes"]);
    for (ours, theirs) in both {
        assert_eq!(ours, theirs);
    }
}
