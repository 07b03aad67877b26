public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(ProcessHandle.current().info().command() + " " + ProcessHandle.current().parent().isPresent());
        System.out.println(ProcessHandle.current().children().count());
    }
}
