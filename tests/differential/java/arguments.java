// kiln: {"args": ["one", "two words", "", "@file", "-Dx=y", "ünïcode", "*"]}
public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(args.length);
        for (String arg : args) {
            System.out.println("[" + arg + "]");
        }
    }
}
