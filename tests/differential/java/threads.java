public class Main {
    public static void main(String[] args) throws Exception {
        Thread main = Thread.currentThread();
        System.out.println(main + " " + main.getId() + " " + main.isDaemon() + " " + main.getThreadGroup().getParent());
        System.out.println(new Thread().getName() + " " + new Thread().getId());
        Thread.getAllStackTraces().keySet().stream().map(t -> t.getName() + " " + t.getId() + " " + t.isDaemon() + " " + t.getPriority()).sorted().forEach(System.out::println);
    }
}
