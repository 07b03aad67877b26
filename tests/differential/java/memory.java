import java.lang.management.ManagementFactory;

public class Main {
    public static void main(String[] args) throws Exception {
        Runtime runtime = Runtime.getRuntime();
        System.out.println(runtime.maxMemory() + " " + runtime.totalMemory());
        for (var bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            System.out.println(bean.getName() + " " + bean.getCollectionCount());
        }
        System.out.println(ManagementFactory.getRuntimeMXBean().getInputArguments());
    }
}
