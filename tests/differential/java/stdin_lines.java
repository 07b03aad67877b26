// kiln: {"stdin": "first\nsecond\nlast without end"}
import java.util.Scanner;

public class Main {
    public static void main(String[] args) throws Exception {
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) {
            System.out.println(in.nextLine().toUpperCase());
        }
    }
}
