// SPDX-License-Identifier: MIT
// Edits merged into a tree, batch after batch: what a walk reads back must be what they make of a sorted map, in blocks
// that are proven, none lost and none left over; and what the editor told must be the difference. A batch is a byte
// with the number of its edits, then these: the number of a key, 2 bytes; its body's length in eights, 1 byte, where 0
// takes the item out and the largest make long ones. Only what is there is taken out, and keys come once, in order.
#include "formats/btrfs/item_types.h"
#include "tests/support/edited_tree.h"

#include <cstdlib>

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Edit {
    btrfs::le16 number;
    u8 length;
};

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// So many that a tree of three levels comes of them.
btrfs::Key key_of(const Edit& edit) {
    const u64 number = edit.number % 4096;
    return {number / 7, btrfs::item_type::uuid_key_subvol, number % 7};
}

std::vector<std::byte> body_of(const Edit& edit, std::size_t serial) {
    const std::size_t eights = edit.length < 250 ? edit.length % 16 + 1 : (edit.length - 249u) * 70;
    return std::vector<std::byte>(eights * 8, static_cast<std::byte>(serial));
}

/// Takes a batch off the input; what it makes of the items is made of `items`.
std::vector<OwnEdit> take_batch(Bytes& input, TreeItems& items) {
    const auto count = static_cast<std::size_t>(input.front());
    input = input.subspan(1);
    std::map<btrfs::Key, OwnEdit> edits;
    for (std::size_t i = 0; i < count; ++i) {
        const auto* edit = view_at<Edit>(input);
        if (edit == nullptr) {
            input = {};
            break;
        }
        input = input.subspan(sizeof(Edit));
        const auto key = key_of(*edit);
        if (edit->length != 0) {
            edits[key] = {.key = key, .body = body_of(*edit, input.size())};
        } else if (items.contains(key)) {
            edits[key] = {.key = key, .body = std::nullopt};
        }
    }
    std::vector<OwnEdit> sorted;
    for (auto& [key, edit] : edits) {
        if (edit.body) {
            items[key] = *edit.body;
        } else {
            items.erase(key);
        }
        sorted.push_back(std::move(edit));
    }
    return sorted;
}

void check_told(const EditedTreeOnDisk& tree, TreeItems before, const TreeItems& after) {
    for (const auto& [key, body] : tree.told_gone) {
        const auto found = before.find(key);
        require(found != before.end() && found->second == body);
        before.erase(found);
    }
    for (const auto& [key, body] : tree.told_new) {
        require(before.emplace(key, body).second);
    }
    require(before == after);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    Bytes input = std::as_bytes(std::span(data, size));
    EditedTreeOnDisk tree;
    TreeItems items;
    while (!input.empty()) {
        const auto before = items;
        const auto edits = take_batch(input, items);
        require(tree.apply(edits).has_value());
        std::set<u64> reached;
        require(tree.read_all(reached) == items);
        require(reached == tree.live);
        check_told(tree, before, items);
    }
    return 0;
}
