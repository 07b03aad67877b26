public class Main {
    public static void main(String[] args) throws Exception {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        new ProcessBuilder("/bin/sh", "-c", "kill -15 " + ProcessHandle.current().pid()).start().waitFor();
        Thread.sleep(60000);
    }
}
