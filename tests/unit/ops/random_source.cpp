// SPDX-License-Identifier: MIT
#include "tests/unit/ops/random_source.h"

#include "libfs/ops/source/adjust.h"
#include "tests/support/content_hash.h"

#include <cassert>
#include <cstring>

#include <sys/stat.h>

namespace btrkit::test {

namespace {

/// Files in memory.
class TextContent final : public source::Content {
public:
    Result<void> read(u32 content, u64 offset, MutableBytes out) const override {
        const auto& text = texts.at(content);
        assert(offset <= text.size() && out.size() <= text.size() - offset);
        std::memcpy(out.data(), text.data() + offset, out.size());
        return {};
    }

    std::vector<std::string> texts;
};

class Maker {
public:
    explicit Maker(unsigned seed)
        : random_(seed), tree_(source::empty_source_tree({.sec = 1'700'000'000, .nsec = 5})) {}

    source::SourceTree make() {
        fill(0, 0);
        add_links();
        tree_.content = std::move(content_);
        source::settle(tree_);
        mark_subvolumes();
        source::split_links(tree_);
        return std::move(tree_);
    }

private:
    u64 below(u64 bound) { return random_() % bound; }
    source::Time time() {
        return {.sec = static_cast<std::int64_t>(below(5'000'000'000)) - 1'000'000'000,
                .nsec = static_cast<u32>(below(1'000'000'000))};
    }

    std::string name() {
        std::string text = below(10) == 0 ? std::string(255, 'n') : std::string("n");
        const std::string tail = std::to_string(next_name_++);
        text.replace(text.size() > tail.size() ? text.size() - tail.size() : text.size(), tail.size(), tail);
        text[0] = static_cast<char>(below(2) == 0 ? 'a' + below(26) : 128 + below(127));
        return text;
    }

    u32 add(u32 directory, u32 mode) {
        source::SourceInode inode;
        inode.mode = mode | static_cast<u32>(below(07777 + 1));
        inode.uid = static_cast<u32>(below(100'000));
        inode.gid = static_cast<u32>(below(100'000));
        inode.atime = time();
        inode.ctime = time();
        inode.mtime = time();
        inode.otime = time();
        for (u64 i = 0; i < below(4); ++i) {
            inode.xattrs.push_back({"user.x" + std::to_string(i), std::string(below(300), 'v')});
        }
        const auto number = static_cast<u32>(tree_.inodes.size());
        tree_.inodes.push_back(std::move(inode));
        tree_.inodes[directory].entries.push_back({name(), number});
        return number;
    }

    void fill(u32 directory, unsigned depth) {
        const u64 count = below(depth == 0 ? 60 : 20);
        for (u64 i = 0; i < count; ++i) {
            switch (below(8)) {
            case 0:
                if (depth < 4) {
                    fill(add(directory, S_IFDIR), depth + 1);
                }
                break;
            case 1: {
                const u32 link = add(directory, S_IFLNK);
                tree_.inodes[link].link_target = std::string(1 + below(600), 't');
                break;
            }
            case 2: {
                constexpr u32 types[] = {S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
                const u32 type = types[below(4)];
                const u32 special = add(directory, type);
                if (type == S_IFCHR || type == S_IFBLK) {
                    tree_.inodes[special].device_major = static_cast<u32>(below(4096));
                    tree_.inodes[special].device_minor = static_cast<u32>(below(1 << 20));
                }
                break;
            }
            default: add_file(directory);
            }
        }
    }

    void add_file(u32 directory) {
        const u32 file = add(directory, S_IFREG);
        source::SourceInode& inode = tree_.inodes[file];
        constexpr u64 sizes[] = {0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 65536, 131072, 131073};
        inode.size = below(2) == 0 ? sizes[below(std::size(sizes))] : below(below(20) == 0 ? 3'000'000 : 40'000);
        inode.flags = below(10) == 0 ? btrfs::inode_nodatacow | btrfs::inode_nodatasum : 0;
        std::string text(inode.size, '\0');
        // Ranges of data between holes, on the page borders that hosts have them on.
        for (u64 at = 0; at < inode.size;) {
            const u64 length = std::min(inode.size - at, round_up(1 + below(300'000), 4096));
            if (below(4) != 0) {
                inode.data.push_back({at, length});
                const bool random_bytes = below(2) == 0;
                for (u64 i = at; i < at + length; ++i) {
                    text[i] = static_cast<char>(random_bytes ? random_() : 'a' + i / 64 % 20);
                }
            }
            at += length;
        }
        inode.content = static_cast<u32>(content_->texts.size());
        content_->texts.push_back(std::move(text));
    }

    void add_links() {
        for (u64 i = below(30); i > 0; --i) {
            const auto target = static_cast<u32>(below(tree_.inodes.size()));
            const auto directory = static_cast<u32>(below(tree_.inodes.size()));
            if (!S_ISDIR(tree_.inodes[target].mode) && S_ISDIR(tree_.inodes[directory].mode)) {
                tree_.inodes[directory].entries.push_back({name(), target});
            }
        }
    }

    void mark_subvolumes() {
        for (u32 i = 1; i < tree_.inodes.size(); ++i) {
            if (S_ISDIR(tree_.inodes[i].mode) && below(4) == 0) {
                const auto kind = below(2) == 0 ? source::SubvolumeKind::writable : source::SubvolumeKind::read_only;
                const auto marked = source::mark_subvolume(tree_, source::path_of(tree_, i), kind);
                assert(marked);
                static_cast<void>(marked);
            }
        }
    }

    std::mt19937_64 random_;
    source::SourceTree tree_;
    std::unique_ptr<TextContent> content_ = std::make_unique<TextContent>();
    u64 next_name_ = 0;
};

TreeRecord record_of(const source::SourceTree& tree, u32 number, u64 nlink, u32 sectorsize) {
    const auto& inode = tree.inodes[number];
    TreeRecord record = {.mode = inode.mode,
                         .uid = inode.uid,
                         .gid = inode.gid,
                         .device_major = inode.device_major,
                         .device_minor = inode.device_minor,
                         .nlink = S_ISDIR(inode.mode) ? 0 : static_cast<u32>(nlink),
                         .atime = inode.atime,
                         .mtime = inode.mtime,
                         .ctime = inode.ctime,
                         .otime = inode.otime,
                         .flags = inode.flags & btrfs::inode_nodatacow,
                         .target = inode.link_target};
    for (const auto& xattr : inode.xattrs) {
        record.xattrs.push_back({xattr.name, xattr.value});
    }
    if (S_ISREG(inode.mode)) {
        record.size = inode.size;
        ContentHash hash;
        for (const auto& range : source::sector_ranges(inode, sectorsize)) {
            const u64 end = std::min(range.offset + range.length, inode.size);
            std::vector<std::byte> bytes(end - range.offset);
            const auto read = tree.content->read(inode.content, range.offset, bytes);
            assert(read);
            static_cast<void>(read);
            hash.add(range.offset, bytes);
            add_range(record.ranges, range.offset, end);
        }
        record.content = hash.text();
    } else if (S_ISLNK(inode.mode)) {
        record.size = inode.link_target.size();
    }
    return record;
}

} // namespace

source::SourceTree random_source(unsigned seed) {
    return Maker(seed).make();
}

TreeListing listing_of(const source::SourceTree& tree, u32 sectorsize) {
    std::vector<u64> names(tree.inodes.size(), 0);
    for (const auto& inode : tree.inodes) {
        for (const auto& entry : inode.entries) {
            ++names[entry.inode];
        }
    }
    std::vector<std::pair<TreeRecord, std::pair<u64, u64>>> records;
    std::vector<std::pair<std::string, u32>> waiting = {{".", 0}};
    while (!waiting.empty()) {
        const auto [path, number] = std::move(waiting.back());
        waiting.pop_back();
        auto record = record_of(tree, number, names[number], sectorsize);
        record.path = path;
        record.is_subvolume = tree.inodes[number].subvolume != source::SubvolumeKind::none;
        record.is_read_only = tree.inodes[number].subvolume == source::SubvolumeKind::read_only;
        records.push_back({std::move(record), {0, number}});
        for (const auto& entry : tree.inodes[number].entries) {
            waiting.push_back({path == "." ? entry.name : path + "/" + entry.name, entry.inode});
        }
    }
    TreeListing listing;
    settle(records, listing);
    return listing;
}

} // namespace btrkit::test
