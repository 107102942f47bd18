// SPDX-License-Identifier: MIT
// Sends past errors: of random trees, with each block spoilt in turn. What can't be read is named, all else arrives,
// and a strict receiver takes the stream. BTRKIT_SEEDS asks for a longer run, BTRKIT_SEED for a single tree.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/fs/subvolume_view.h"
#include "tests/support/effort.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/ops/send/sent_streams.h"

#include <cstdlib>
#include <doctest/doctest.h>

namespace send_salvage_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

using InodeNumber = u64;

/// The blocks of a tree, and what stands in its leaves.
struct TreeBlocks {
    std::vector<Promise> blocks;
    std::vector<std::pair<btrfs::Key, std::vector<std::byte>>> items;
};

TreeBlocks blocks_of(const Filesystem& filesystem, const Promise& root) {
    TreeBlocks all;
    TreeWalk walk(filesystem.reader(), root, WalkOrder::depth_first);
    while (const auto promise = walk.next()) {
        all.blocks.push_back(*promise);
        const OwnedBlock block(filesystem.reader(), *promise);
        if (!block.is_proven() || !block.block().is_leaf()) {
            continue;
        }
        for (u32 slot = 0; slot < block.block().count(); ++slot) {
            const auto data = block.block().item_data(slot);
            all.items.emplace_back(block.block().key(slot), std::vector(data.begin(), data.end()));
        }
    }
    return all;
}

/// What is left of a tree with a spoilt block, found out without the sender.
struct Left {
    std::set<std::pair<InodeNumber, std::string>> names; ///< by directory: that any item tells of
    std::map<InodeNumber, std::size_t> own_items;
};

Left left_of(const TreeBlocks& tree) {
    Left left;
    for (const auto& [key, body] : tree.items) {
        const bool is_name =
            is_inode_ref_of(key, key.objectid) || key.type == type::dir_item || key.type == type::dir_index;
        if (key.type != type::dir_item && key.type != type::dir_index) {
            ++left.own_items[key.objectid];
        }
        if (is_name) {
            for_each_name(key, body, [&](const NameRecord& record, const auto*) {
                left.names.emplace(record.parent, as_text(record.name));
            });
        }
    }
    return left;
}

bool has_temporary_name(std::string_view path) {
    return path.size() > 1 && path[0] == 'o' && path[1] >= '0' && path[1] <= '9' && path.contains('-');
}

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// Of trees that are damaged, whatever the number of links that are left.
const std::set<std::string> ignored{"atime", "ctime", "otime", "ranges", "flags", "subvolume", "nlink", "links"};

bool is_same(const TreeRecord& left, TreeRecord right) {
    right.path = left.path;
    return differences({left}, {std::move(right)}, ignored).empty();
}

class Trial {
public:
    explicit Trial(unsigned seed) : seed_(seed) {
        std::mt19937_64 random(seed);
        History history(image_, seed);
        history.create(3 + static_cast<unsigned>(random() % 40));
        history.begin_generation(10);
        history.change(static_cast<unsigned>(random() % 20));
        inodes_ = history.inodes();
        image_.plant({inodes_}, {.shares_blocks = seed % 2 == 0});
    }

    void run() {
        auto opened = open_filesystem(image_.image().all_devices());
        const auto subvolume = send::find_subvolume(opened.filesystem, "257");
        REQUIRE(subvolume);
        whole_ = *list_sent(opened.filesystem, "257");
        const auto tree = blocks_of(opened.filesystem, subvolume->tree.block);
        before_ = left_of(tree);
        for (const auto& block : tree.blocks) {
            const auto address = block.address.bytenr;
            const auto kept = image_.image().block(address);
            image_.image().spoil(address);
            try_spoilt(fmt::format("seed {}, level {}, from {} {} {}", seed_, *block.level,
                                   block.first_key ? block.first_key->objectid : 0,
                                   block.first_key ? block.first_key->type : 0,
                                   block.first_key ? block.first_key->offset : 0));
            image_.image().put(address, kept);
        }
    }

private:
    void try_spoilt(const std::string& what) {
        auto opened = open_filesystem(image_.image().all_devices());
        StringSink sink;
        const auto report =
            send::run(opened.filesystem, nullptr, sink, {.subvolumes = {"257"}, .skip_errors = true}, {});
        REQUIRE_MESSAGE(report, what, ": ", report.error().message);
        CHECK_MESSAGE(report->skipped_count > 0, what);
        ModelReceiver receiver;
        const auto received = receiver.receive(sink.text());
        REQUIRE_MESSAGE(received, what, ": ", received.error().message);
        const auto subvolume = send::find_subvolume(opened.filesystem, "257");
        REQUIRE(subvolume);
        compare(what, receiver.list_last(), *report, left_of(blocks_of(opened.filesystem, subvolume->tree.block)));
    }

    void compare(const std::string& what, const TreeListing& arrived, const send::Report& report, const Left& left) {
        for (const auto& record : arrived) {
            CHECK_MESSAGE(!has_temporary_name(record.path), what, ": arrived: ", record.path);
        }
        for (const auto& [number, inode] : inodes_) {
            for (const auto& name : inode.names) {
                const auto& record = record_of(number, name);
                if (has_arrived(arrived, record)) {
                    continue;
                }
                const auto own = left.own_items.find(number);
                const bool is_whole = own != left.own_items.end() && own->second == before_.own_items.at(number);
                CHECK_MESSAGE(!is_whole, what, ": whole, but did not arrive: ", record.path);
                const bool is_told = left.names.contains({name.dir, name.name});
                CHECK_MESSAGE((!is_told || is_named(report, record.path)), what, ": not named: ", record.path);
            }
        }
    }

    const TreeRecord& record_of(InodeNumber number, const HistoryName& name) const {
        std::string path = name.name;
        for (auto dir = name.dir; dir != btrfs::root_dir_inode;) {
            const auto& up = inodes_.at(dir).names.front();
            path = up.name + '/' + path;
            dir = up.dir;
        }
        const auto found = std::ranges::find(whole_, path, &TreeRecord::path);
        REQUIRE_MESSAGE(found != whole_.end(), path, " of inode ", number);
        return *found;
    }

    /// At its place, or by its own name below what has lost its.
    static bool has_arrived(const TreeListing& arrived, const TreeRecord& record) {
        return std::ranges::any_of(arrived, [&](const TreeRecord& other) {
            const bool is_there = other.path == record.path || (other.path.starts_with("lost-inode-") &&
                                                                last_name(other.path) == last_name(record.path));
            return is_there && is_same(record, other);
        });
    }

    static bool is_named(const send::Report& report, std::string_view path) {
        return std::ranges::any_of(report.skipped, [&](const send::Skipped& skipped) {
            return skipped.path == path ||
                   (skipped.path.starts_with("lost-inode-") && last_name(skipped.path) == last_name(path));
        });
    }

    unsigned seed_;
    HistoryImage image_;
    HistoryInodes inodes_;
    TreeListing whole_;
    Left before_;
};

} // namespace

TEST_CASE("what of a damaged tree can be read arrives, and the rest is named, whichever block is lost") {
    const char* asked = std::getenv("BTRKIT_SEED");
    const unsigned only = asked != nullptr ? static_cast<unsigned>(std::strtoul(asked, nullptr, 10)) : 0;
    const unsigned first = only != 0 ? only : 1;
    for (unsigned seed = first; seed < first + (only != 0 ? 1 : rounds(10, 500)); ++seed) {
        Trial(seed).run();
    }
}

} // namespace send_salvage_test
