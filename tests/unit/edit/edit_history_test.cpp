// SPDX-License-Identifier: MIT
// Seeded random histories of files beside a plain model, on each kind of filesystem: after every commit the check finds
// nothing, and names, attributes, contents and links are what the model says, in all subvolumes.
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/edit/compression_property.h"
#include "libfs/edit/file_data_editor.h"
#include "libfs/edit/file_data_writer.h"
#include "libfs/edit/file_editor.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/commit/commit.h"
#include "tests/support/effort.h"
#include "tests/unit/edit/file_model.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unordered_map>

namespace edit_history_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Pairs of names that share a hash, and some that don't.
const std::vector<std::string>& name_pool() {
    static const std::vector<std::string> pool = [] {
        std::vector<std::string> names;
        std::unordered_map<u64, std::string> seen;
        for (unsigned number = 0; names.size() < 8; ++number) {
            const auto name = fmt::format("user.{:x}", number * 2654435761u);
            const auto [at, is_new] = seen.try_emplace(name_hash(std::as_bytes(std::span(name))), name);
            if (!is_new) {
                names.push_back(name);
                names.push_back(at->second);
            }
        }
        for (unsigned number = 0; number < 12; ++number) {
            names.push_back("user.n" + std::to_string(number));
        }
        names.push_back("user." + std::string(250, 'l'));
        return names;
    }();
    return pool;
}

class History {
public:
    History(TransactionBench& bench, u32 seed) : bench_(bench), random_(seed) {
        top_->place = {.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode};
        top_->mode = S_IFDIR | 0755;
        top_->atime = top_->mtime = top_->ctime = top_->otime = {.sec = 1000};
    }

    void run(unsigned commits, std::size_t waiting_bytes) {
        for (unsigned number = 0; number < commits; ++number) {
            CAPTURE(number);
            now_ = {.sec = 5000 + number, .nsec = number};
            const auto filesystem = bench_.open();
            auto transaction = must(Transaction::begin(filesystem, {.waiting_bytes = waiting_bytes}));
            InodeEditor inodes(transaction, now_);
            FileEditor files(inodes);
            FileDataEditor data(inodes);
            SubvolumeEditor subvolumes(transaction, now_);
            inodes_ = &inodes;
            files_ = &files;
            data_ = &data;
            if (number % 3 == 1) {
                take_snapshot(transaction, subvolumes);
            }
            for (auto i = below(60); i > 0; --i) {
                step();
                must(transaction.relieve());
            }
            must(commit::run(transaction, bench_.writable(filesystem), {}, {}));
            compare();
        }
    }

private:
    u64 below(u64 bound) { return random_() % bound; }
    template <class T>
    const T& any_of(const std::vector<T>& all) {
        return all[below(all.size())];
    }
    std::string any_bytes(u64 length) {
        std::string bytes(length, '\0');
        const bool packs_well = below(2) == 0;
        for (u64 i = 0; i < length; ++i) {
            bytes[i] = static_cast<char>(packs_well ? 'a' + i / 64 % 20 : random_());
        }
        return bytes;
    }
    u64 any_length() {
        constexpr u64 lengths[] = {1, 100, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 12288, 131072, 131073};
        return below(3) == 0 ? lengths[below(std::size(lengths))] : 1 + below(below(8) == 0 ? 300'000 : 20'000);
    }
    Time any_time() {
        return {.sec = static_cast<std::int64_t>(below(4'000'000'000)) - 100, .nsec = u32(below(1'000'000'000))};
    }

    /// Directories of subvolumes that stand, snapshots among them.
    ModelFilePtr any_directory() { return any_of(all_directories(top_)); }
    std::optional<ModelName> any_name(bool (*wanted)(const ModelFile&)) {
        std::vector<ModelName> names;
        for (auto& name : all_names(top_)) {
            const auto& file = *name.dir->entries.at(name.name);
            if (!file.is_subvolume && !file.is_placeholder && wanted(file)) {
                names.push_back(std::move(name));
            }
        }
        return names.empty() ? std::nullopt : std::optional(any_of(names));
    }
    static bool is_any(const ModelFile&) { return true; }
    static bool is_regular(const ModelFile& file) { return file.is_regular(); }
    static bool is_no_directory(const ModelFile& file) { return !file.is_directory(); }
    static bool is_empty_directory(const ModelFile& file) { return file.is_directory() && file.entries.empty(); }

    ModelFilePtr file_of(const ModelName& name) { return name.dir->entries.at(name.name); }
    void touch_directory(const ModelFilePtr& dir) { dir->mtime = dir->ctime = now_; }
    void touch_data(ModelFile& file) { file.mtime = file.ctime = now_; }

    void step() {
        switch (below(16)) {
        case 0:
        case 1:
        case 2: create(); break;
        case 3: link(); break;
        case 4: remove(); break;
        case 5:
        case 6: rename(); break;
        case 7: set_attributes(); break;
        case 8: set_xattr(); break;
        case 9: remove_xattr(); break;
        case 10:
        case 11: write(); break;
        case 12: resize(); break;
        case 13: below(2) == 0 ? punch() : preallocate(); break;
        case 14: clone(); break;
        default: fill(); break;
        }
    }

    void create() {
        const ModelName name = {any_directory(), any_of(name_pool())};
        if (name.dir->entries.contains(name.name)) {
            return;
        }
        constexpr u32 types[] = {S_IFREG, S_IFREG, S_IFDIR, S_IFDIR, S_IFLNK, S_IFIFO, S_IFCHR};
        auto file = std::make_shared<ModelFile>();
        file->mode = types[below(std::size(types))] | static_cast<u32>(below(07777 + 1));
        file->uid = static_cast<u32>(below(100'000));
        file->gid = static_cast<u32>(below(100'000));
        file->atime = any_time();
        file->mtime = any_time();
        file->ctime = file->otime = now_;
        if (S_ISCHR(file->mode)) {
            file->device_major = static_cast<u32>(below(4096));
            file->device_minor = static_cast<u32>(below(1 << 20));
        }
        if (S_ISLNK(file->mode)) {
            file->content = std::string(1 + below(300), 't');
        }
        if ((name.dir->flags & btrfs::inode_nodatacow) != 0 && (file->is_directory() || file->is_regular())) {
            file->flags |= btrfs::inode_nodatacow;
        } else if (file->is_directory() && below(5) == 0) {
            file->flags |= btrfs::inode_nodatacow;
        }
        std::vector<Xattr> xattrs;
        for (auto i = below(3); i > 0; --i) {
            file->xattrs[any_of(name_pool())] = any_bytes(below(200));
        }
        for (const auto& [xattr, value] : file->xattrs) {
            xattrs.push_back({xattr, value});
        }
        file->place = must(files_->create(name.place(), {.mode = file->mode,
                                                         .uid = file->uid,
                                                         .gid = file->gid,
                                                         .device_major = file->device_major,
                                                         .device_minor = file->device_minor,
                                                         .flags = file->flags,
                                                         .atime = file->atime,
                                                         .mtime = file->mtime,
                                                         .xattrs = xattrs,
                                                         .link_target = S_ISLNK(file->mode) ? file->content : ""}));
        name.dir->entries[name.name] = file;
        touch_directory(name.dir);
    }

    void link() {
        const auto from = any_name(is_no_directory);
        const ModelName to = {any_directory(), any_of(name_pool())};
        if (!from || to.dir->entries.contains(to.name) || to.dir->place.tree != from->dir->place.tree) {
            return;
        }
        const auto file = file_of(*from);
        must(files_->link(file->place, to.place()));
        to.dir->entries[to.name] = file;
        ++file->nlink;
        file->ctime = now_;
        touch_directory(to.dir);
    }

    void forget(const ModelName& name) {
        const auto file = file_of(name);
        if (--file->nlink > 0) {
            file->ctime = now_;
        }
        name.dir->entries.erase(name.name);
        touch_directory(name.dir);
    }

    void remove() {
        const bool of_directory = below(3) == 0;
        const auto name = any_name(of_directory ? is_empty_directory : is_no_directory);
        if (name) {
            must(of_directory ? files_->remove_directory(name->place()) : files_->unlink(name->place()));
            forget(*name);
        }
    }

    void rename() {
        const auto from = any_name(is_any);
        const ModelName to = {any_directory(), any_of(name_pool())};
        if (!from || to.dir->place.tree != from->dir->place.tree) {
            return;
        }
        const auto file = file_of(*from);
        const auto taken = to.dir->entries.find(to.name);
        const bool is_taken = taken != to.dir->entries.end();
        const auto inside = all_directories(file);
        const bool is_loop = file->is_directory() && std::ranges::find(inside, to.dir) != inside.end();
        const bool can_give_way =
            !is_taken || (!taken->second->is_subvolume && !taken->second->is_placeholder &&
                          taken->second->is_directory() == file->is_directory() && taken->second->entries.empty());
        if ((is_loop || !can_give_way) && !(is_taken && taken->second == file)) {
            CHECK(files_->rename(from->place(), to.place()).error().kind == ErrorKind::refused);
            return;
        }
        must(files_->rename(from->place(), to.place()));
        if (is_taken && taken->second == file) {
            return;
        }
        if (is_taken) {
            forget(to);
        }
        from->dir->entries.erase(from->name);
        to.dir->entries[to.name] = file;
        touch_directory(from->dir);
        touch_directory(to.dir);
        file->ctime = now_;
    }

    void set_attributes() {
        const auto name = any_name(is_any);
        if (!name) {
            return;
        }
        const auto file = file_of(*name);
        AttributeChange change;
        if (below(2) == 0) {
            change.permissions = static_cast<u32>(below(07777 + 1));
            file->mode = (file->mode & S_IFMT) | *change.permissions;
        }
        if (below(2) == 0) {
            change.uid = file->uid = static_cast<u32>(below(100'000));
            change.gid = file->gid = static_cast<u32>(below(100'000));
        }
        if (below(2) == 0) {
            change.atime = file->atime = any_time();
            change.mtime = file->mtime = any_time();
        }
        must(files_->set_attributes(file->place, change));
        file->ctime = now_;
    }

    void set_xattr() {
        if (const auto name = any_name(is_any)) {
            const auto file = file_of(*name);
            const Xattr xattr = {any_of(name_pool()), any_bytes(below(400))};
            if (file->xattrs.size() < 6 || file->xattrs.contains(xattr.name)) {
                must(files_->set_xattr(file->place, xattr));
                file->xattrs[xattr.name] = xattr.value;
                file->ctime = now_;
            }
        }
    }

    void remove_xattr() {
        const auto name = any_name([](const ModelFile& file) { return !file.xattrs.empty(); });
        if (name) {
            const auto file = file_of(*name);
            const auto gone = file->xattrs.begin();
            must(files_->remove_xattr(file->place, gone->first));
            file->xattrs.erase(gone);
            file->ctime = now_;
        }
    }

    void write() {
        if (const auto name = any_name(is_regular)) {
            const auto file = file_of(*name);
            const u64 offset = below(4) == 0 ? below(200'000) : below(file->content.size() + 5000);
            const auto bytes = any_bytes(any_length());
            must(data_->write(file->place, offset, std::as_bytes(std::span(bytes))));
            file->content.resize(std::max<u64>(file->content.size(), offset + bytes.size()));
            file->content.replace(offset, bytes.size(), bytes);
            touch_data(*file);
        }
    }

    void resize() {
        if (const auto name = any_name(is_regular)) {
            const auto file = file_of(*name);
            const u64 size = below(5) == 0 ? 0 : below(2) == 0 ? any_length() : below(file->content.size() + 1);
            must(data_->resize(file->place, size));
            file->content.resize(size);
            touch_data(*file);
        }
    }

    void punch() {
        if (const auto name = any_name(is_regular)) {
            const auto file = file_of(*name);
            const Range range = range_from(below(file->content.size() + 1), any_length());
            must(data_->punch(file->place, range));
            if (range.start < round_up(file->content.size(), 4096)) {
                touch_data(*file);
            }
            for (u64 i = range.start; i < std::min<u64>(range.end, file->content.size()); ++i) {
                file->content[i] = '\0';
            }
        }
    }

    void preallocate() {
        if (const auto name = any_name(is_regular)) {
            const auto file = file_of(*name);
            const Range range = range_from(below(file->content.size() + 10'000), any_length());
            const bool keeps_size = below(2) == 0;
            must(data_->preallocate(file->place, range, keeps_size));
            if (!keeps_size) {
                file->content.resize(std::max<u64>(file->content.size(), range.end));
            }
            touch_data(*file);
        }
    }

    void clone() {
        const auto from = any_name(is_regular);
        const auto to = any_name(is_regular);
        if (!from || !to || from->dir->entries == to->dir->entries || file_of(*from) == file_of(*to) ||
            (file_of(*from)->flags & btrfs::inode_nodatacow) != (file_of(*to)->flags & btrfs::inode_nodatacow)) {
            return;
        }
        const auto source = file_of(*from);
        const auto target = file_of(*to);
        const u64 size = source->content.size();
        const u64 start = round_down(below(size + 1), 4096);
        const u64 offset = round_down(below(target->content.size() + 8192), 4096);
        u64 end = std::min<u64>(size, start + round_up(any_length(), 4096));
        if (end % 4096 != 0 && offset + (end - start) < target->content.size()) {
            end = round_down(end, 4096);
        }
        if (start >= end) {
            return;
        }
        must(data_->clone(source->place, {start, end}, target->place, offset));
        target->content.resize(std::max<u64>(target->content.size(), offset + (end - start)));
        target->content.replace(offset, end - start, source->content, start, end - start);
        touch_data(*target);
    }

    /// New contents of a new file, compressed.
    void fill() {
        const ModelName name = {any_directory(), any_of(name_pool())};
        if (name.dir->entries.contains(name.name)) {
            return;
        }
        auto file = std::make_shared<ModelFile>();
        file->mode = S_IFREG | 0600;
        file->atime = file->mtime = file->ctime = file->otime = now_;
        file->content = any_bytes(any_length());
        file->flags = name.dir->flags & btrfs::inode_nodatacow;
        file->place = must(files_->create(name.place(), {.mode = file->mode}));
        const bool is_in_place = file->flags != 0;
        constexpr btrfs::Compression all[] = {btrfs::Compression::none, btrfs::Compression::zlib,
                                              btrfs::Compression::lzo, btrfs::Compression::zstd};
        const auto algorithm = all[below(std::size(all))];
        DataBatch batch;
        batch.plain_bytes = round_up(file->content.size(), 4096);
        batch.plain.resize(batch.plain_bytes);
        std::ranges::copy(std::as_bytes(std::span(file->content)), batch.plain.begin());
        batch.pieces.push_back({.length = file->content.size(),
                                .is_inline = file->content.size() <= max_inline_bytes,
                                .may_compress = !is_in_place,
                                .has_csums = !is_in_place});
        const int level = algorithm == btrfs::Compression::zlib || algorithm == btrfs::Compression::zstd ? 3 : 0;
        DataPacker(inodes_->transaction().geometry(), {algorithm, level}, DataDepth::contents).pack(batch);
        FileDataWriter writer(*inodes_);
        must(writer.begin(file->place));
        must(writer.add_piece(batch, 0));
        u64 end = batch.plain_bytes;
        if (below(3) == 0 && file->content.size() > max_inline_bytes) {
            must(writer.add_hole(end, 8192));
            end += 5000;
            file->content.resize(end);
        }
        must(writer.finish(file->content.size()));
        name.dir->entries[name.name] = file;
        touch_directory(name.dir);
    }

    void take_snapshot(Transaction& transaction, SubvolumeEditor& editor) {
        const auto name = fmt::format("snap{}", ++snapshots_);
        const NamedPlace place = {.dir = top_->place, .name = name};
        std::mt19937 random(snapshots_);
        const u64 id = must(editor.snapshot(btrfs::fs_tree_id, place, {.uuid = random_uuid(random)}));
        top_->entries[name] = snapshot_of(top_, id);
        touch_directory(top_);
        must(transaction.relieve());
    }

    void compare() {
        const auto filesystem = bench_.open();
        for (const auto& finding : check_filesystem(filesystem).findings.all()) {
            if (finding.problem.code != ProblemCode::qgroup_inconsistent) {
                FAIL_CHECK(describe(finding.problem));
            }
        }
        const auto listing = must(list_image(filesystem, must(find_path(filesystem, "/"))));
        for (const auto& line : differences(listing, listing_of(top_), {"ranges"})) {
            FAIL_CHECK(line);
        }
    }

    TransactionBench& bench_;
    std::mt19937_64 random_;
    ModelFilePtr top_ = std::make_shared<ModelFile>();
    Time now_;
    unsigned snapshots_ = 0;
    InodeEditor* inodes_ = nullptr;
    FileEditor* files_ = nullptr;
    FileDataEditor* data_ = nullptr;
};

void run_history(const FilesystemKind& kind, u32 seed) {
    CAPTURE(seed);
    CAPTURE(kind.metadata_profile);
    TransactionBench bench(kind, mkfs::empty_source_tree({.sec = 1000}));
    // In every other history nearly nothing may wait: changes are brought into the trees all the time.
    History(bench, seed).run(is_long_run() ? 20 : 8, seed % 2 == 0 ? 2000 : TransactionOptions().waiting_bytes);
}

} // namespace

TEST_CASE("Histories of files leave a filesystem that is sound and holds what the model says") {
    const std::vector<FilesystemKind> kinds = {
        {.slack_bytes = 60 * mib},
        {.metadata_profile = "single",
         .features = {"^free-space-tree", "^block-group-tree", "^no-holes"},
         .slack_bytes = 60 * mib,
         .checksum = "sha256"},
        {.features = {"^skinny-metadata", "^no-holes"}, .slack_bytes = 60 * mib, .checksum = "xxhash"},
        {.features = {"squota"}, .slack_bytes = 60 * mib},
        {.data_profile = "dup", .slack_bytes = 60 * mib, .nodesize_bytes = u64{4} * kib, .mixed = true},
        {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 60 * mib},
        {.data_profile = "raid5", .metadata_profile = "raid5", .device_count = 3, .slack_bytes = 60 * mib},
        {.data_profile = "raid6", .metadata_profile = "raid10", .device_count = 4, .slack_bytes = 60 * mib},
        {.slack_bytes = 60 * mib, .nodesize_bytes = u64{64} * kib},
    };
    for (const auto& kind : kinds) {
        for (u32 seed = 1; seed <= rounds(2, 60); ++seed) {
            run_history(kind, seed);
        }
    }
}

} // namespace edit_history_test
