package smoke.records;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

public class Inventory {
    record Item(String name, int count) {}

    public static void main(String[] args) {
        List<Item> items = List.of(new Item("bolt", 40), new Item("nut", 7), new Item("washer", 12));
        System.out.println(items.stream()
                .sorted(Comparator.comparingInt(Item::count))
                .map(Item::name)
                .collect(Collectors.joining(" < ")));
        System.out.println(items.stream().mapToInt(Item::count).summaryStatistics());
    }
}
