// kiln: {"env": {"JAVA_TOOL_OPTIONS": "-Dgiven=yes"}}
public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(System.getProperty("given"));
    }
}
