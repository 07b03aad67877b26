//! Packages beside a language's own: installed once, found by everybody, and never more than files. Takes PyPI and npm's registry.

use kiln::proto::pool_client::PoolClient;
use kiln::proto::{
    Case, ExecuteRequest, ExecuteResponse, GetPoolRequest, JudgeRequest, LanguagePool, judge_response,
};
use tonic::{Code, Status};

use crate::support::daemon::{Daemon, docker, program};

/// Of this machine, where indexes may be behind a network that re-signs TLS.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
const VERSION: &str = "import six, sys\nprint(six.__version__)";
const SIX: &str = "six==1.16.0";

/// The name of an instance whose package sets are removed when this is dropped: they outlive its daemons.
struct Instance(String);

impl Instance {
    fn new() -> Self {
        Self(format!("kiln-test-{}", uuid::Uuid::new_v4().simple()))
    }

    fn sets(&self) -> Vec<String> {
        let label = format!("label=kiln.instance={}", self.0);
        let listed = docker(&["images", "--quiet", "--filter", &label, "--filter", "label=kiln.layer"]);
        listed.lines().map(str::to_owned).collect()
    }

    async fn daemon(&self, settings: &[(&str, &str)]) -> Daemon {
        let mut all = vec![("KILN__PACKAGES__LANGUAGES", "python,javascript")];
        if std::path::Path::new(AUTHORITIES).exists() {
            all.push(("KILN__PACKAGES__CA_FILE", AUTHORITIES));
        }
        all.extend(settings);
        let languages = ["python", "javascript"];
        let daemon = Daemon::launch(&self.0, &languages, &all);
        daemon.warm(&languages).await;
        daemon
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        for set in self.sets() {
            docker(&["rmi", "--force", &set]);
        }
    }
}

fn request(language: &str, code: &str, packages: &[&str]) -> ExecuteRequest {
    let packages = packages.iter().map(|&word| word.to_owned()).collect();
    ExecuteRequest { packages, ..program(language, code) }
}

async fn refused(daemon: &Daemon, request: ExecuteRequest) -> Status {
    daemon.execute(request).await.unwrap_err()
}

fn said(reply: &ExecuteResponse) -> String {
    let run = reply.run.as_ref().unwrap();
    assert_eq!(run.exit_code, 0, "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout.clone()).unwrap()
}

fn was_installed(reply: &ExecuteResponse) -> bool {
    reply.hints.iter().any(|hint| hint.contains("had to be installed"))
}

async fn pools(daemon: &Daemon) -> Vec<LanguagePool> {
    let mut client = PoolClient::new(daemon.channel().await);
    client.get_pool(GetPoolRequest::default()).await.unwrap().into_inner().pools
}

/// How often something was installed.
async fn installations(daemon: &Daemon) -> u64 {
    pools(daemon).await.iter().filter(|pool| pool.installs).map(|pool| pool.uses).sum()
}

#[tokio::test]
async fn they_are_installed_once_for_everybody_and_found_again_after_a_restart() {
    let instance = Instance::new();
    let daemon = instance.daemon(&[]).await;
    let (client, want) = (daemon.client().await, || request("python", VERSION, &[SIX]));
    let replies = futures_util::future::join_all((0..4).map(|_| {
        let mut client = client.clone();
        async move { client.execute(want()).await.unwrap().into_inner() }
    }));
    for reply in replies.await {
        assert_eq!((said(&reply).as_str(), was_installed(&reply)), ("1.16.0\n", true));
    }
    assert_eq!(installations(&daemon).await, 1, "four wanted the same at the same time");
    let mut by_another = tonic::Request::new(want());
    by_another.metadata_mut().insert("kiln-tenant", "another".parse().unwrap());
    let reply = client.clone().execute(by_another).await.unwrap().into_inner();
    assert_eq!((said(&reply).as_str(), was_installed(&reply)), ("1.16.0\n", false));
    assert!(reply.placement.unwrap().image.starts_with("kiln-packages-python:"));

    // Programs that did not ask for them do not have them, and none has the network.
    let reply = daemon.run("python", VERSION).await;
    assert!(String::from_utf8_lossy(&reply.run.unwrap().stderr).contains("No module named 'six'"));
    let alone = "import socket, six\nprint([name for _, name in socket.if_nameindex()])";
    let reply = daemon.execute(request("python", alone, &[SIX])).await.unwrap();
    assert_eq!(said(&reply), "['lo']\n");

    // So do the programs of a judge.
    let cases = ["1", "2"].map(|number| Case {
        stdin: number.into(),
        expected_stdout: format!("1.16.0 {number}\n").into(),
        ..Case::default()
    });
    let judge = JudgeRequest {
        language: "python".to_owned(),
        code: "import six\nprint(six.__version__, input())".to_owned(),
        cases: cases.to_vec(),
        packages: vec![SIX.to_owned()],
        ..JudgeRequest::default()
    };
    let mut verdicts = client.clone().judge(judge).await.unwrap().into_inner();
    let mut summary = None;
    while let Some(message) = verdicts.message().await.unwrap() {
        if let Some(judge_response::Message::Summary(last)) = message.message {
            summary = Some(last);
        }
    }
    assert_eq!(summary.map(|summary| summary.accepted), Some(2));

    // Modules of both kinds find them.
    let require = "console.log(require('is-number')(5))";
    let reply = daemon.execute(request("javascript", require, &["is-number@7.0.0"])).await.unwrap();
    assert_eq!((said(&reply).as_str(), was_installed(&reply)), ("true\n", true));
    let import = "import('is-number').then((m) => console.log(m.default(5)))";
    let reply = daemon.execute(request("javascript", import, &["is-number@7.0.0"])).await.unwrap();
    assert_eq!((said(&reply).as_str(), was_installed(&reply)), ("true\n", false));
    daemon.stop();

    let daemon = instance.daemon(&[]).await;
    let reply = daemon.execute(want()).await.unwrap();
    assert_eq!((said(&reply).as_str(), was_installed(&reply)), ("1.16.0\n", false));
    assert_eq!(installations(&daemon).await, 0);
    daemon.stop();
    // One that was removed by hand meanwhile is installed again.
    for set in instance.sets() {
        docker(&["rmi", "--force", &set]);
    }
    let daemon = instance.daemon(&[]).await;
    assert!(was_installed(&daemon.execute(want()).await.unwrap()));
    daemon.stop();
}

#[tokio::test]
async fn what_cannot_be_had_is_said() {
    let instance = Instance::new();
    let daemon = Daemon::start(&["python"]).await;
    let not_allowed = refused(&daemon, request("python", VERSION, &[SIX])).await;
    assert_eq!(not_allowed.code(), Code::PermissionDenied);
    assert!(not_allowed.message().contains("packages.languages"), "{not_allowed}");
    daemon.stop();

    let away = [
        ("KILN__PACKAGES__INDEX__JAVASCRIPT", "http://127.0.0.1:9/"),
        ("KILN__PACKAGES__SET_MIB", "1"),
        ("KILN__PACKAGES__INSTALL_SECONDS", "60"),
    ];
    let daemon = instance.daemon(&away).await;
    let cases: [(ExecuteRequest, Code, &[&str]); 5] = [
        (
            request("python", VERSION, &["--index-url=https://example.org"]),
            Code::InvalidArgument,
            &["packages[0]"],
        ),
        (request("python", VERSION, &["six==99.0"]), Code::InvalidArgument, &["No matching distribution"]),
        // Larger than a set may be.
        (
            request("python", VERSION, &["pyflakes", "black"]),
            Code::InvalidArgument,
            &["No space left", "disk limit"],
        ),
        (request("javascript", "", &["is-number@7.0.0"]), Code::InvalidArgument, &["code"]),
        (request("javascript", ";", &["is-number@7.0.0"]), Code::Unavailable, &["the index does not answer"]),
    ];
    for (request, code, words) in cases {
        let status = refused(&daemon, request).await;
        assert!(
            status.code() == code && words.iter().any(|words| status.message().contains(words)),
            "{status}"
        );
    }
    assert_eq!(instance.sets(), Vec::<String>::new());
    // None of it is in the way of others.
    assert_eq!(said(&daemon.run("python", "print(1)").await), "1\n");
    daemon.stop();
}

/// The interpreter that forks those that wait is root: nothing that a package brings may run in it.
#[tokio::test]
async fn no_package_has_a_word_in_how_an_interpreter_starts() {
    let instance = Instance::new();
    let daemon = instance.daemon(&[]).await;
    let look = "import os, setuptools\n\
        place = os.path.dirname(os.path.dirname(setuptools.__file__))\n\
        print(place, sorted(name for name in os.listdir(place) if name.endswith('.pth')))\n\
        print(os.stat(setuptools.__file__).st_uid, os.access(place, os.W_OK), os.getuid() >= 10000)\n";
    // It brings distutils-precedence.pth, a line of code.
    let reply = daemon.execute(request("python", look, &["setuptools==75.1.0"])).await.unwrap();
    let (places, rights) = said(&reply).split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(places.starts_with("/usr/") && places.ends_with(" []"), "{places}");
    assert_eq!(rights, "0 False True\n");
    daemon.stop();
}

#[tokio::test]
async fn the_sets_that_are_used_least_make_room() {
    let instance = Instance::new();
    let bounds = [
        ("KILN__PACKAGES__SETS", "1"),
        ("KILN__PACKAGES__KEPT", "2"),
        ("KILN__NETWORK__LANGUAGES", "python"),
    ];
    let daemon = instance.daemon(&bounds).await;
    let open = async || {
        let pools = pools(&daemon).await;
        pools.into_iter().filter(|pool| !pool.packages.is_empty()).collect::<Vec<_>>()
    };
    let mut installed = Vec::new();
    for (version, is_new) in
        [("1.15.0", true), ("1.16.0", true), ("1.15.0", false), ("1.17.0", true), ("1.16.0", true)]
    {
        let packages = format!("six=={version}");
        let reply = daemon.execute(request("python", VERSION, &[&packages])).await.unwrap();
        assert_eq!((said(&reply), was_installed(&reply)), (format!("{version}\n"), is_new));
        assert_eq!(open().await.iter().map(|pool| pool.packages.join(" ")).collect::<Vec<_>>(), [packages]);
        installed.push(is_new);
    }
    assert_eq!(installations(&daemon).await, installed.iter().filter(|is_new| **is_new).count() as u64);

    // With the network its programs are in a pool of their own, too.
    let names = "import six, socket\nprint(len(socket.if_nameindex()))";
    let networked = ExecuteRequest { network: true, ..request("python", names, &["six==1.16.0"]) };
    assert_eq!(said(&daemon.execute(networked).await.unwrap()), "2\n");
    assert!(open().await.iter().all(|pool| pool.network));
    daemon.stop();
    assert!(instance.sets().len() <= 2, "{:?}", instance.sets());
}

/// Has sets made, found and removed by a daemon with these settings.
pub(crate) async fn come_and_go(settings: &[(&str, &str)]) {
    let instance = Instance::new();
    let bounds = [settings, &[("KILN__PACKAGES__SETS", "1"), ("KILN__PACKAGES__KEPT", "1")]].concat();
    let daemon = instance.daemon(&bounds).await;
    for version in ["1.15.0", "1.16.0", "1.17.0"] {
        let reply = daemon.execute(request("python", VERSION, &[&format!("six=={version}")])).await.unwrap();
        assert_eq!(said(&reply), format!("{version}\n"));
    }
    daemon.stop();
    // The second may have had containers when the third was made.
    assert!((1..=2).contains(&instance.sets().len()), "{:?}", instance.sets());
}
