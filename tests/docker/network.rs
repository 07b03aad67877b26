//! Programs that may use the network: who allows it, and what stays out of their reach.

use kiln::proto::pool_client::PoolClient;
use kiln::proto::{ExecuteRequest, GetPoolRequest};
use tonic::Code;

use crate::support::daemon::{Daemon, docker, program};

/// Tries to connect, and tells how that went.
const CONNECT: &str = "import socket, sys\n\
    def attempt(host, port):\n\
    \x20   try:\n\
    \x20       socket.create_connection((host, int(port)), 3).close()\n\
    \x20       return 'connected'\n\
    \x20   except OSError as error:\n\
    \x20       return type(error).__name__\n\
    for place in sys.argv[1:]:\n\
    \x20   print(place, attempt(*place.split('|')))\n\
    names = [name for _, name in socket.if_nameindex() if name != 'lo']\n\
    routes = [line.split()[1] for line in open('/proc/net/route').readlines()[1:]]\n\
    print('interfaces', len(names), 'default route', '00000000' in routes)\n";

fn request(args: &[&str], network: bool) -> ExecuteRequest {
    let args = args.iter().map(|&word| word.to_owned()).collect();
    ExecuteRequest { network, args, ..program("python", CONNECT) }
}

async fn said(daemon: &Daemon, args: &[&str], network: bool) -> (String, u32) {
    let reply = daemon.execute(request(args, network)).await;
    let reply = reply.unwrap_or_else(|status| panic!("{status}\n{}", daemon.log()));
    let run = reply.run.unwrap();
    assert_eq!(run.exit_code, 0, "{}", String::from_utf8_lossy(&run.stderr));
    (String::from_utf8(run.stdout).unwrap(), reply.placement.unwrap().container_uses)
}

/// The rules that the host has; the suite runs on the engine's host, as root.
fn rules() -> String {
    let output =
        std::process::Command::new("iptables").arg("-S").output().expect("the engine brings iptables");
    String::from_utf8(output.stdout).unwrap()
}

/// The host's own address in a network: the first after the network's.
fn gateway(network: &str) -> std::net::Ipv4Addr {
    let subnet = docker(&["network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", network]);
    let (base, _) = subnet.split_once('/').unwrap();
    let base: std::net::Ipv4Addr = base.parse().unwrap();
    std::net::Ipv4Addr::from_bits(base.to_bits() + 1)
}

#[tokio::test]
async fn it_is_the_operators_to_allow() {
    let daemon = Daemon::start(&["python"]).await;
    let refused = daemon.execute(request(&[], true)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("network.languages"), "{refused}");
    assert_eq!(said(&daemon, &[], false).await.0, "interfaces 0 default route False\n");
    daemon.stop();
}

#[tokio::test]
async fn only_the_outside_is_within_reach() {
    let allowed =
        [("KILN__NETWORK__LANGUAGES", "python,javascript"), ("KILN__LANGUAGES__POOLS__PYTHON__MIN", "2")];
    // A killed daemon leaves its network and its fence to the next one.
    let instance = format!("kiln-test-{}", uuid::Uuid::new_v4().simple());
    let languages = ["python", "javascript"];
    let first = Daemon::launch(&instance, &languages, &allowed);
    said(&first, &[], true).await;
    first.kill();
    let daemon = Daemon::launch(&instance, &languages, &allowed);
    let (found, _) = said(&daemon, &[], true).await;
    assert_eq!(found, "interfaces 1 default route True\n");

    let network = format!("kiln-{}", daemon.instance);
    // On the host, where the program would reach it first: on the bridge itself, and on the engine's own.
    let (gateway, other) = (gateway(&network), gateway("bridge"));
    let listen = |address| std::net::TcpListener::bind((address, 0)).unwrap();
    let (own, beside) = (listen(gateway), listen(other));
    let (own, beside) = (own.local_addr().unwrap(), beside.local_addr().unwrap());
    // They are there for whoever may.
    assert!(std::net::TcpStream::connect(own).is_ok() && std::net::TcpStream::connect(beside).is_ok());
    // Another program in the same network, which listens for as long as this asks.
    let listener = "import socket, sys\n\
        server = socket.create_server(('', 7777))\n\
        print(socket.gethostbyname(socket.gethostname()), flush=True)\n\
        server.settimeout(20)\n\
        try: server.accept(); print('reached')\n\
        except TimeoutError: print('alone')\n";
    let neighbour = ExecuteRequest { network: true, ..program("python", listener) };
    let mut call = crate::streams::Call::start(&daemon, neighbour).await;
    call.until("\n").await;
    let address = call.said().trim().to_owned();
    assert!(address.parse::<std::net::Ipv4Addr>().is_ok(), "{address}");

    let places = [
        format!("{gateway}|{}", own.port()),
        format!("{other}|{}", beside.port()),
        format!("{address}|7777"),
        "169.254.169.254|80".to_owned(),
        "10.0.0.1|80".to_owned(),
        "127.0.0.1|80".to_owned(),
    ];
    let args: Vec<_> = places.iter().map(String::as_str).collect();
    let (found, uses) = said(&daemon, &args, true).await;
    assert!(!found.contains(" connected"), "{found}");
    assert_eq!((found.lines().count(), uses), (places.len() + 1, 1), "{found}");
    assert_eq!(said(&daemon, &[], true).await.1, 1, "no container serves twice");
    let reply = call.end().await.unwrap();
    assert_eq!(call.said(), format!("{address}\nalone\n"), "{reply:?}");

    // Without the wish there is no network, and the pools are two.
    assert_eq!(said(&daemon, &[], false).await.0, "interfaces 0 default route False\n");
    let mut pools = PoolClient::new(daemon.channel().await);
    let pools = pools.get_pool(GetPoolRequest::default()).await.unwrap().into_inner().pools;
    assert_eq!(pools.iter().map(|pool| pool.network).collect::<Vec<_>>(), [false, false, true, true]);

    let bridge = docker(&["network", "inspect", "--format", "{{json .Options}}", &network]);
    let bridge: serde_json::Value = serde_json::from_str(&bridge).unwrap();
    let bridge = bridge["com.docker.network.bridge.name"].as_str().unwrap().to_owned();
    // However often it was put up, it is entered once from each side.
    daemon.execute(ExecuteRequest { network: true, ..program("javascript", ";") }).await.unwrap();
    let entries = rules().lines().filter(|rule| rule.contains(&format!("-i {bridge} -j {bridge}-"))).count();
    assert_eq!(entries, 2, "{}", rules());
    daemon.stop();
    assert!(!rules().contains(&bridge), "the fence is taken down");
    assert!(!docker(&["network", "ls", "--format", "{{.Name}}"]).lines().any(|name| name == network));
}
