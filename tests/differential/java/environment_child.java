// kiln: {"env": {"ONE": "1"}}
public class Main {
    public static void main(String[] args) throws Exception {
        Process child = new ProcessBuilder("/bin/sh", "-c", "env | sort; pwd; ls /proc/self/fd | wc -l").inheritIO().start();
        System.out.println(child.waitFor());
    }
}
