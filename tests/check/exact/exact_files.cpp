// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/fs/inode.h"
#include "tests/check/exact/exact_parts.h"

#include <sys/stat.h>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;
using Code = ProblemCode;

struct Name {
    u64 parent = 0;
    u64 child = 0;
    std::string name;
    friend auto operator<=>(const Name&, const Name&) = default;
};

struct Forms {
    unsigned items = 0;
    std::vector<u64> indexes;
    std::vector<u64> refs;
};

/// What one inode's items say, gathered.
struct Gathered {
    bool is_complete = true; ///< no lost block touches its items
    std::optional<btrfs::InodeItem> item;
    u64 names = 0;
    bool self_ref = false;
    u64 name_bytes = 0;
    bool has_entries = false;
    std::vector<std::pair<u64, u64>> extents; ///< start and end in the file
    u64 bytes = 0;
    u64 inline_bytes = 0;
    bool has_regular = false;
    bool csum_missing = false;
    bool csum_present = false;
    bool compressed = false;
    bool verity_descriptor = false;
};

class FileTree {
public:
    FileTree(const ExactImage& image, const ExactTree& tree, u64 id, const std::set<u64>* csums,
             const std::set<u64>& data, ExactFindings& findings)
        : image_(image), tree_(tree), id_(id), csums_(csums), data_(data), findings_(findings) {}

    void check() {
        gather();
        for (auto& [number, inode] : inodes_) {
            if (number <= btrfs::last_free_objectid && !is_cut(number)) {
                judge(number, inode);
            }
        }
        if (tree_.lost.empty()) {
            if (tree_.items.empty() || tree_.items.begin()->first.objectid != btrfs::root_dir_inode) {
                report(Code::root_dir, btrfs::root_dir_inode);
            }
            check_names();
        }
    }

private:
    const Geometry& geometry() const { return image_.filesystem().geometry(); }
    void report(Code code, u64 inode) { findings_.insert({code, inode}); }

    /// Whether some of its items may be lost: it is the last inode before, or the first behind what is lost.
    bool is_cut(u64 number) const {
        for (const auto& [first, last] : tree_.lost) {
            const auto behind = last ? tree_.items.lower_bound(*last) : tree_.items.end();
            const auto before = tree_.items.lower_bound(first);
            if ((before != tree_.items.begin() && std::prev(before)->first.objectid == number) ||
                (behind != tree_.items.end() && behind->first.objectid == number)) {
                return true;
            }
        }
        return false;
    }

    void gather() {
        for (const auto& [key, item] : tree_.items) {
            auto& inode = inodes_[key.objectid];
            const Bytes body = item.body;
            switch (key.type) {
            case type::inode_item:
                if (const auto* found = view_at<btrfs::InodeItem>(body)) {
                    inode.item = *found;
                }
                break;
            case type::inode_ref: gather_refs<btrfs::InodeRef>(key, body, inode); break;
            case type::inode_extref: gather_refs<btrfs::InodeExtref>(key, body, inode); break;
            case type::dir_item:
            case type::dir_index: gather_entries(key, body, inode); break;
            case type::extent_data: gather_extent(key, body, inode); break;
            case type::orphan_item:
                if (key.objectid == btrfs::orphan_objectid) {
                    orphans_.insert(key.offset);
                }
                break;
            case type::verity_desc_item: inode.verity_descriptor |= key.offset == 0; break;
            default: break;
            }
        }
    }

    template <class Ref>
    void gather_refs(const btrfs::Key& key, Bytes body, Gathered& inode) {
        while (const auto* ref = view_at<Ref>(body)) {
            u64 parent = key.offset;
            if constexpr (std::is_same_v<Ref, btrfs::InodeExtref>) {
                parent = ref->parent;
            }
            if (body.size() - sizeof(Ref) < ref->name_len) {
                return;
            }
            ++inode.names;
            const auto name = as_text(body.subspan(sizeof(Ref), ref->name_len));
            if (parent == key.objectid && parent == btrfs::root_dir_inode && ref->index == 0 && name == "..") {
                inode.self_ref = true;
            } else {
                names_[{parent, key.objectid, std::string(name)}].refs.push_back(ref->index);
            }
            body = body.subspan(sizeof(Ref) + ref->name_len);
        }
    }

    void gather_entries(const btrfs::Key& key, Bytes body, Gathered& inode) {
        std::set<std::string> seen;
        while (const auto* entry = view_at<btrfs::DirItem>(body)) {
            const std::size_t length = entry->name_len;
            const std::size_t all = sizeof(*entry) + length + entry->data_len;
            if (body.size() < all) {
                return;
            }
            const std::string name(as_text(body.subspan(sizeof(*entry), length)));
            inode.has_entries = true;
            inode.name_bytes += length;
            if (key.type == type::dir_item && !seen.insert(name).second) {
                report(Code::dir_name_twice, key.objectid);
            }
            if (entry->location.type != type::root_item) {
                auto& forms = names_[{key.objectid, entry->location.objectid, name}];
                if (key.type == type::dir_item) {
                    ++forms.items;
                } else {
                    forms.indexes.push_back(key.offset);
                }
                types_.emplace_back(entry->location.objectid, entry->type);
            } else if (entry->type != static_cast<u8>(btrfs::FileType::directory)) {
                report(Code::dir_entry_type, key.objectid);
            }
            body = body.subspan(all);
        }
    }

    void gather_extent(const btrfs::Key& key, Bytes body, Gathered& inode) {
        const auto* head = view_at<btrfs::FileExtentHead>(body);
        if (head == nullptr) {
            return;
        }
        const u64 sectorsize = geometry().sectorsize;
        if (head->type == 0) {
            const u64 ram = head->ram_bytes;
            inode.inline_bytes = std::max(inode.inline_bytes, ram);
            inode.bytes += ram;
            const u64 most = head->compression != 0 ? sectorsize : sectorsize - 1;
            const u64 end = key.offset + round_up(ram, sectorsize);
            if (ram == 0 || ram > most || body.size() - sizeof(*head) > sectorsize) {
                report(Code::inode_inline, key.objectid);
            } else if (end > key.offset) {
                inode.extents.emplace_back(key.offset, end);
            }
            return;
        }
        const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(*head));
        if (range == nullptr) {
            return;
        }
        inode.has_regular = true;
        const u64 length = range->num_bytes;
        if (length == 0 || key.offset + length < key.offset) {
            return;
        }
        inode.extents.emplace_back(key.offset, key.offset + length);
        if (range->disk_bytenr == 0) {
            return;
        }
        inode.bytes += length;
        inode.compressed |= head->type != 2 && head->compression != 0;
        if (head->type == 1 && csums_ != nullptr && id_ != btrfs::data_reloc_tree_id) {
            compare_csums(*head, *range, inode);
        }
    }

    void compare_csums(const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range, Gathered& inode) const {
        u64 start = range.disk_bytenr;
        u64 end = start + range.disk_num_bytes;
        if (head.compression == 0) {
            start += range.offset;
            end = start + range.num_bytes;
        }
        if (end <= start) {
            return;
        }
        const u64 sectorsize = geometry().sectorsize;
        u64 lacking = 0;
        for (auto at = data_.lower_bound(start / sectorsize); at != data_.end() && *at * sectorsize < end; ++at) {
            lacking += csums_->contains(*at) ? 0 : 1;
        }
        inode.csum_missing |= lacking > 0;
        inode.csum_present |= lacking < (end - start) / sectorsize;
    }

    void judge(u64 number, const Gathered& inode) {
        if (!inode.item) {
            report(Code::inode_missing, number);
            return;
        }
        const auto& item = *inode.item;
        const u64 flags = item.flags;
        const u32 mode = item.mode;
        if (item.nlink != inode.names) {
            report(Code::inode_links, number);
        }
        if (number == btrfs::root_dir_inode && !(S_ISDIR(mode) && inode.self_ref)) {
            report(Code::root_dir, number);
        }
        if (S_ISDIR(mode)) {
            if (item.nlink > 0 && item.size != inode.name_bytes) {
                report(Code::inode_size, number);
            }
            if (item.nlink > 1) {
                report(Code::inode_links, number);
            }
        }
        const bool is_shrinking = item.nlink == 0 && inode.bytes < item.nbytes;
        if (S_ISDIR(mode) ? item.nbytes % geometry().sectorsize != 0 : item.nbytes != inode.bytes && !is_shrinking) {
            report(Code::inode_bytes, number);
        }
        if (S_ISLNK(mode)) {
            if ((flags & (btrfs::inode_immutable | btrfs::inode_append)) != 0) {
                report(Code::inode_flags, number);
            }
            if (inode.has_regular) {
                report(Code::inode_inline, number);
            } else if (item.size != inode.inline_bytes && item.size + 1 != inode.inline_bytes &&
                       !(item.nlink == 0 && inode.inline_bytes == 0)) {
                report(Code::inode_size, number);
            }
        }
        if (S_ISREG(mode) && item.nlink > 0 && item.size > 0 && !geometry().has_incompat(btrfs::incompat_no_holes)) {
            judge_holes(number, inode);
        }
        const bool no_csums = (flags & btrfs::inode_nodatasum) != 0;
        if (inode.csum_missing && !no_csums) {
            report(Code::data_csum_missing, number);
        }
        if (inode.csum_present && no_csums) {
            report(Code::csum_unexpected, number);
        }
        if (inode.compressed && no_csums) {
            report(Code::inode_flags, number);
        }
        if ((flags & btrfs::inode_ro_verity) != 0 && !inode.verity_descriptor && item.nlink > 0) {
            report(Code::verity_items, number);
        }
    }

    void judge_holes(u64 number, const Gathered& inode) {
        u64 reached = 0;
        for (const auto& [start, end] : inode.extents) {
            if (start > reached) {
                break;
            }
            reached = std::max(reached, end);
        }
        if (reached < inode.item->size) {
            report(Code::inode_hole, number);
        }
    }

    bool exists(u64 number) const {
        const auto found = inodes_.find(number);
        return found != inodes_.end() && found->second.item.has_value();
    }
    bool is_deleted_directory(u64 number) const {
        const auto found = inodes_.find(number);
        return found != inodes_.end() && found->second.item && found->second.item->nlink == 0 &&
               S_ISDIR(found->second.item->mode);
    }

    void check_names() {
        for (const auto& [name, forms] : names_) {
            judge_name(name, forms);
        }
        for (const auto& [number, file_type] : types_) {
            const auto found = inodes_.find(number);
            if (found != inodes_.end() && found->second.item &&
                static_cast<u8>(file_type_of(found->second.item->mode)) != file_type) {
                report(Code::dir_entry_type, number);
            }
        }
        for (const auto& [number, inode] : inodes_) {
            if (inode.item && inode.item->nlink == 0 && !orphans_.contains(number)) {
                report(Code::orphan_missing, number);
            }
        }
        for (const u64 orphan : orphans_) {
            if (!exists(orphan)) {
                report(Code::orphan_unfounded, orphan);
            }
        }
    }

    void judge_name(const Name& name, const Forms& forms) {
        if (forms.items == 1 && forms.indexes.size() == 1 && forms.refs.size() == 1 && forms.indexes == forms.refs) {
            return;
        }
        const bool has_ref = !forms.refs.empty();
        if (!has_ref && is_deleted_directory(name.parent) && exists(name.child)) {
            return;
        }
        if (!has_ref && !exists(name.child)) {
            report(Code::inode_missing, name.child);
            return;
        }
        if (!has_ref) {
            report(Code::inode_ref_missing, name.child);
        }
        if (forms.items == 0) {
            report(Code::dir_item_missing, name.child);
        }
        if (forms.indexes.empty()) {
            report(Code::dir_index_missing, name.child);
        } else if (forms.indexes.size() > 1) {
            report(Code::dir_name_twice, name.child);
        } else if (has_ref && forms.refs.front() != forms.indexes.front()) {
            report(Code::dir_index_differs, name.child);
        }
    }

    const ExactImage& image_;
    const ExactTree& tree_;
    u64 id_;
    const std::set<u64>* csums_;
    const std::set<u64>& data_;
    ExactFindings& findings_;
    std::map<u64, Gathered> inodes_;
    std::map<Name, Forms> names_;
    std::vector<std::pair<u64, unsigned>> types_;
    std::set<u64> orphans_;
};

/// Sectors that an image's data extents, or checksums, cover. Only for small images.
struct Sectors {
    std::set<u64> data;
    std::set<u64> csums;
    bool knows_csums = false;
};

void add_sectors(std::set<u64>& sectors, u64 start, u64 length, u32 sectorsize) {
    constexpr u64 too_many = u64{1} << 30;
    for (u64 at = start; length < too_many && at < start + length; at += sectorsize) {
        sectors.insert(at / sectorsize);
    }
}

Sectors gather_sectors(const ExactImage& image) {
    Sectors sectors;
    const auto& geometry = image.filesystem().geometry();
    bool extents_whole = false;
    bool csums_whole = false;
    for (std::size_t i = 0; i < image.roots().size(); ++i) {
        const u64 id = image.roots()[i].root.id;
        const auto& tree = image.tree(i);
        if (id == btrfs::csum_tree_id) {
            csums_whole = tree.lost.empty();
        } else if (id == btrfs::extent_tree_id) {
            extents_whole = tree.lost.empty();
        } else {
            continue;
        }
        for (const auto& [key, item] : tree.items) {
            if (id == btrfs::csum_tree_id && key.type == type::extent_csum) {
                add_sectors(sectors.csums, key.offset,
                            item.body.size() / geometry.csum_size_bytes * geometry.sectorsize, geometry.sectorsize);
            } else if (id == btrfs::extent_tree_id && key.type == type::extent_item) {
                const auto* head = view_at<btrfs::ExtentItem>(Bytes(item.body));
                if (head != nullptr && (head->flags & btrfs::extent_flag_data) != 0) {
                    add_sectors(sectors.data, key.objectid, key.offset, geometry.sectorsize);
                }
            }
        }
    }
    sectors.knows_csums = extents_whole && csums_whole;
    return sectors;
}

} // namespace

void check_files_exactly(const ExactImage& image, ExactFindings& findings) {
    const auto sectors = gather_sectors(image);
    for (std::size_t i = 0; i < image.roots().size(); ++i) {
        const auto& root = image.roots()[i];
        if (btrfs::is_file_tree(root.root.id) && !root.is_dropping && !root.drop_key) {
            FileTree(image, image.tree(i), root.root.id, sectors.knows_csums ? &sectors.csums : nullptr, sectors.data,
                     findings)
                .check();
        }
    }
}

} // namespace btrkit::test
