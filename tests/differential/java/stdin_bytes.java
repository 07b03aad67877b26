// kiln: {"stdin_base64": "AAECgP/+Cg=="}
public class Main {
    public static void main(String[] args) throws Exception {
        byte[] all = System.in.readAllBytes();
        System.out.println(all.length + " " + java.util.Arrays.toString(all));
    }
}
