// SPDX-License-Identifier: MIT
// Streams whose paths lead through a subvolume that stands in the parent: a snapshot has its name, and the number
// behind that is no inode.
#include "tests/unit/receive/receive_bench.h"
#include "tests/unit/receive/stream_maker.h"

namespace nested_subvolume_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// In the received "parent" stands the subvolume "nested", whose id is the number of a directory beside it.
void nest(const ReceiveBench& bench) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 9500});
    const u64 parent = must(editor.find("/parent"));
    const auto set_flags = [&](u64 flags) {
        auto* roots = must(transaction.tree(btrfs::root_tree_id));
        auto item = must(roots->first_from({parent, btrfs::item_type::root_item, 0}));
        reinterpret_cast<btrfs::RootItem*>(item->body.data())->flags = flags;
        roots->put(item->key, item->body);
    };
    set_flags(0);
    const auto place = must(editor.directories().find_parent("/parent/nested"));
    const u64 nested = must(editor.create(place, {.uuid = maker_uuid(99)}));
    CHECK(nested == must(editor.directories().find("/parent/dir")).inode);
    set_flags(btrfs::root_subvol_rdonly);
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

} // namespace

TEST_CASE("receive: no path leads into another subvolume") {
    ReceiveBench bench;
    must(bench.receive(StreamMaker().subvol("parent", 1).dir("dir", 257).stream()));
    nest(bench);
    using C = btrfs::send::Command;
    for (const auto& stream : {StreamMaker().snapshot("child", 2, 1, 1).file("nested/f").stream(),
                               StreamMaker().snapshot("child", 2, 1, 1).one_path(C::rmdir, "nested").stream(),
                               StreamMaker().snapshot("child", 2, 1, 1).xattr("nested", "user.key", "v").stream()}) {
        const u64 before = bench.generation();
        const auto received = bench.receive(stream, {.force_parent = true});
        CHECK(bench.generation() == before);
        REQUIRE_FALSE(received);
        CAPTURE(received.error().message);
        CHECK(received.error().message.contains("nested"));
        CHECK(received.error().message.contains("subvolume"));
    }
    CHECK(bench.findings() == "");
}

} // namespace nested_subvolume_test
