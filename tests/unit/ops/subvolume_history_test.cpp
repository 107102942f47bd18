// SPDX-License-Identifier: MIT
// Subvolumes made, copied and deleted in seeded random histories, on each kind of filesystem: after every commit the
// check finds nothing, and the filesystem holds what a plain model says.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/survey/read_roots.h"
#include "tests/support/effort.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

namespace subvolume_history_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The names in a subvolume's top directory; those of subvolumes lead to their number in the model.
struct ModelTree {
    std::map<std::string, std::optional<unsigned>> names;
};

/// What a user would expect: trees by number, 0 is the top-level one.
struct Model {
    std::map<unsigned, ModelTree> trees;
    unsigned next = 1;

    Model() {
        for (unsigned number = 1; number <= file_count; ++number) {
            trees[0].names[file_name(number)] = std::nullopt;
        }
    }

    /// Where a tree stands, from the top.
    std::string path_of(unsigned number) const {
        if (number == 0) {
            return "";
        }
        for (const auto& [parent, tree] : trees) {
            for (const auto& [name, child] : tree.names) {
                if (child == number) {
                    return path_of(parent) + "/" + name;
                }
            }
        }
        throw std::logic_error("a tree that stands nowhere");
    }
    bool has_nested(unsigned number) const {
        return std::ranges::any_of(trees.at(number).names, [](const auto& entry) { return entry.second.has_value(); });
    }
    unsigned pick(std::mt19937& random) const {
        return std::next(trees.begin(), static_cast<std::ptrdiff_t>(random() % trees.size()))->first;
    }
};

btrfs::InodeItem* inode_in(std::optional<BufferedItem>& item) {
    REQUIRE((item && item->body.size() == sizeof(btrfs::InodeItem)));
    return reinterpret_cast<btrfs::InodeItem*>(item->body.data());
}

u64 random_file(std::mt19937& random) {
    return btrfs::root_dir_inode + 1 + random() % file_count;
}

/// So that leaves which others share are left.
void touch_files(Transaction& transaction, u64 tree, std::mt19937& random) {
    auto* buffer = must(transaction.tree(tree));
    for (auto i = random() % 10; i > 0; --i) {
        const btrfs::Key key = {random_file(random), btrfs::item_type::inode_item, 0};
        if (auto item = must(buffer->find(key))) {
            inode_in(item)->mtime.sec = u64{random()};
            buffer->put(key, std::move(item->body));
        }
    }
}

/// So that data is left, by some of those who share it or by the last.
void empty_files(Transaction& transaction, u64 tree, std::mt19937& random) {
    auto* buffer = must(transaction.tree(tree));
    const u64 first = random_file(random);
    const u64 count = random() % 100;
    for (u64 inode = first; inode < first + count; ++inode) {
        const btrfs::Key key = {inode, btrfs::item_type::inode_item, 0};
        if (auto item = must(buffer->find(key))) {
            must(buffer->erase({inode, btrfs::item_type::extent_data, 0}));
            inode_in(item)->size = 0;
            inode_in(item)->nbytes = 0;
            buffer->put(key, std::move(item->body));
        }
    }
}

Result<void> touch_all(Transaction& transaction, u64 tree) {
    BTRKIT_TRY_ASSIGN(auto* buffer, transaction.tree(tree));
    for (u64 inode = btrfs::root_dir_inode + 1; inode <= btrfs::root_dir_inode + file_count; ++inode) {
        const btrfs::Key key = {inode, btrfs::item_type::inode_item, 0};
        BTRKIT_TRY_ASSIGN(auto item, buffer->find(key));
        if (item) {
            inode_in(item)->mtime.sec = u64{inode_in(item)->mtime.sec} + 1;
            buffer->put(key, std::move(item->body));
        }
    }
    return {};
}

/// One random change, made in the transaction and in the model.
void change(Transaction& transaction, SubvolumeEditor& editor, Model& model, std::mt19937& random) {
    const unsigned parent = model.pick(random);
    const std::string name = "sub" + std::to_string(model.next);
    const auto place = [&] { return must(editor.directories().find_parent(model.path_of(parent) + "/" + name)); };
    switch (random() % 6) {
    case 4: touch_files(transaction, must(editor.find(model.path_of(parent))), random); break;
    case 5: empty_files(transaction, must(editor.find(model.path_of(parent))), random); break;
    case 0: {
        must(editor.create(place(), {.uuid = random_uuid(random)}));
        model.trees[parent].names[name] = model.next;
        model.trees[model.next++] = {};
        break;
    }
    case 1:
    case 2: {
        const unsigned source = model.pick(random);
        const u64 id = must(editor.find(model.path_of(source)));
        must(editor.snapshot(id, place(), {.uuid = random_uuid(random)}));
        ModelTree copy;
        for (const auto& [entry, child] : model.trees[source].names) {
            if (!child) {
                copy.names[entry] = {};
            }
        }
        model.trees[model.next] = copy;
        model.trees[parent].names[name] = model.next++;
        break;
    }
    default: {
        const unsigned number = model.pick(random);
        const auto path = number == 0 ? std::string() : model.path_of(number);
        const u64 id = must(editor.find(path));
        const auto removed = editor.remove(id);
        if (number == 0 || model.has_nested(number)) {
            REQUIRE_FALSE(removed);
            CHECK(removed.error().kind == ErrorKind::refused);
            break;
        }
        must(removed);
        for (auto& [other, tree] : model.trees) {
            std::erase_if(tree.names, [&](const auto& entry) { return entry.second == number; });
        }
        model.trees.erase(number);
    }
    }
}

/// That the filesystem holds what the model says; entries of snapshots that lead to nothing are passed over.
void compare(const Filesystem& filesystem, const Model& model) {
    for (const auto& [number, tree] : model.trees) {
        const auto place = must(find_path(filesystem, model.path_of(number)));
        std::set<std::string> found;
        for (const auto& [name, child] : tree.names) {
            const auto inner = find_path(filesystem, model.path_of(number) + "/" + name);
            REQUIRE_MESSAGE(inner, name);
            CHECK((inner->tree.id != place.tree.id) == child.has_value());
        }
    }
}

void run_history(const FilesystemKind& kind, u32 seed, unsigned commits) {
    CAPTURE(seed);
    CAPTURE(kind.metadata_profile);
    std::mt19937 random(seed);
    TransactionBench bench(kind);
    Model model;
    for (unsigned number = 0; number < commits; ++number) {
        CAPTURE(number);
        const auto filesystem = bench.open();
        // In every other history nearly nothing may wait: changes are brought into the trees all the time.
        const std::size_t waiting_bytes = seed % 2 == 0 ? 500 : TransactionOptions().waiting_bytes;
        auto transaction = must(Transaction::begin(filesystem, {.waiting_bytes = waiting_bytes}));
        SubvolumeEditor editor(transaction, {.sec = 3000});
        for (auto i = random() % 6; i > 0; --i) {
            change(transaction, editor, model, random);
            must(transaction.relieve());
        }
        const auto report = must(commit::run(transaction, bench.writable(filesystem), {}, {}));
        CHECK(report.new_generation == report.old_generation + 1);
        const auto after = bench.open();
        CHECK(after.super().generation == report.new_generation);
        const auto checked = check_filesystem(after);
        for (const auto& finding : checked.findings.all()) {
            // Full quotas are left to be counted by a kernel.
            if (finding.problem.code != ProblemCode::qgroup_inconsistent) {
                FAIL_CHECK(describe(finding.problem));
            }
        }
        compare(after, model);
    }
}

} // namespace

TEST_CASE("Histories of subvolumes leave a filesystem that is sound and holds what the model says") {
    const std::vector<FilesystemKind> kinds = {
        {.slack_bytes = 24 * mib},
        {.metadata_profile = "single", .features = {"^free-space-tree", "^block-group-tree"}, .slack_bytes = 24 * mib},
        {.features = {"^skinny-metadata"}, .slack_bytes = 24 * mib},
        {.features = {"squota"}, .slack_bytes = 24 * mib},
        {.features = {"quota"}, .slack_bytes = 24 * mib},
        {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 24 * mib},
        {.data_profile = "raid5", .metadata_profile = "raid5", .device_count = 3, .slack_bytes = 24 * mib},
        {.data_profile = "raid6", .metadata_profile = "raid10", .device_count = 4, .slack_bytes = 24 * mib},
    };
    for (const auto& kind : kinds) {
        for (u32 seed = 1; seed <= rounds(1, 50); ++seed) {
            run_history(kind, seed, is_long_run() ? 12 : 6);
        }
    }
}

TEST_CASE("Where block groups are full, chunks are laid; where devices are, nothing has happened") {
    const u64 slack_bytes = (is_long_run() ? 24 : 6) * mib;
    const std::vector<FilesystemKind> kinds = {
        {.slack_bytes = 2 * slack_bytes},
        {.metadata_profile = "single",
         .features = {"^free-space-tree", "^block-group-tree"},
         .slack_bytes = slack_bytes},
        {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = slack_bytes},
        {.metadata_profile = "raid5", .device_count = 3, .slack_bytes = slack_bytes},
    };
    for (const auto& kind : kinds) {
        CAPTURE(kind.metadata_profile);
        std::mt19937 random(5);
        const TransactionBench bench(kind);
        const auto chunk_count = [&] { return bench.open().volume().chunks().chunks().size(); };
        const std::size_t first_count = chunk_count();
        ErrorKind last = ErrorKind::bug;
        for (unsigned number = 0; number < 400; ++number) {
            const auto filesystem = bench.open();
            auto transaction = must(Transaction::begin(filesystem, {}));
            SubvolumeEditor editor(transaction, {.sec = 3000});
            // Leaves that nobody shares any more: each snapshot is touched all over.
            Result<void> made;
            for (unsigned i = 0; made && i < 20; ++i) {
                const auto place = must(editor.directories().find_parent(fmt::format("/copy{}-{}", number, i)));
                const auto id = editor.snapshot(btrfs::fs_tree_id, place, {.uuid = random_uuid(random)});
                made = id ? touch_all(transaction, *id) : std::unexpected(id.error());
            }
            const auto report = made ? commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {})
                                     : std::unexpected(made.error());
            if (!report) {
                last = report.error().kind;
                break;
            }
        }
        CHECK(last == ErrorKind::no_space);
        CHECK(chunk_count() > first_count);
        const auto checked = check_filesystem(bench.open());
        for (const auto& finding : checked.findings.all()) {
            FAIL_CHECK(describe(finding.problem));
        }
    }
}

} // namespace subvolume_history_test
