// SPDX-License-Identifier: MIT
#include "tests/unit/ops/usage/planted_files.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;
using usage::DataKind;

constexpr u64 sector_bytes = 4096;

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

btrfs::RootItem root_item(const PlantedBlock& tree) {
    btrfs::RootItem item;
    item.inode.mode = FileTree::directory_mode;
    item.bytenr = tree.address();
    item.level = tree.level();
    item.generation = item.generation_v2 = *tree.promise.generation;
    item.root_dirid = btrfs::root_dir_inode;
    return item;
}

} // namespace

PlantedFiles::PlantedFiles(unsigned seed) : random_(seed) {
    make_extents();
    const u64 directory = names_.add_dir(btrfs::root_dir_inode, "a");
    const u64 inner = names_.add_dir(directory, "b");
    for (unsigned i = 0; i < 24; ++i) {
        const auto [dir, prefix] = i % 3 == 0   ? std::pair(u64{btrfs::root_dir_inode}, std::string("/"))
                                   : i % 3 == 1 ? std::pair(directory, std::string("/a/"))
                                                : std::pair(inner, std::string("/a/b/"));
        const auto name = "file-" + std::to_string(i);
        const u64 inode = names_.add_file(dir, name);
        paths_[prefix + name] = inode;
        trees_[btrfs::fs_tree_id][inode] = random_file();
    }
    for (u64 id = first_snapshot, end = first_snapshot + random_() % 5; id < end; ++id) {
        auto tree = std::next(trees_.begin(), static_cast<std::ptrdiff_t>(random_() % trees_.size()))->second;
        for (auto changes = random_() % 4; changes > 0; --changes) {
            std::next(tree.begin(), static_cast<std::ptrdiff_t>(random_() % tree.size()))->second = random_file();
        }
        trees_[id] = std::move(tree);
    }
    deleted_ = seed % 3 == 0 && trees_.size() > 2 ? trees_.rbegin()->first : 0;
    plant();
}

void PlantedFiles::make_extents() {
    u64 bytenr = u64{1} << 30;
    for (unsigned i = 0; i < 40; ++i) {
        ModelExtent extent{.bytenr = bytenr, .ram_bytes = (1 + random_() % 8) * sector_bytes};
        extent.kind = std::array{DataKind::none, DataKind::none, DataKind::zstd, DataKind::lzo,
                                 DataKind::prealloc}[random_() % 5];
        extent.disk_bytes = extent.is_compressed() ? sector_bytes * (1 + random_() % (extent.ram_bytes / sector_bytes))
                                                   : extent.ram_bytes;
        bytenr += extent.disk_bytes + (random_() % 3 == 0 ? sector_bytes : 0);
        extents_.push_back(extent);
    }
}

ModelFile PlantedFiles::random_file() {
    ModelFile file;
    if (random_() % 6 == 0) {
        file.inline_content = std::string(1 + random_() % 200, 'x');
        return file;
    }
    u64 at = 0;
    // Now and then extents that follow each other, so that there are fragments of several items.
    std::size_t next = random_() % extents_.size();
    for (auto left = random_() % 12; left > 0; --left) {
        at += random_() % 4 == 0 ? sector_bytes : 0;
        next = random_() % 2 == 0 ? random_() % extents_.size() : (next + 1) % extents_.size();
        const u64 sectors = extents_[next].ram_bytes / sector_bytes;
        const u64 first = random_() % 3 == 0 ? random_() % sectors : 0;
        const u64 count = random_() % 3 == 0 ? 1 + random_() % (sectors - first) : sectors - first;
        file.refs[at] = {.extent = next, .offset = first * sector_bytes, .num_bytes = count * sector_bytes};
        at += count * sector_bytes;
    }
    return file;
}

Items PlantedFiles::items_of(const ModelTree& tree) const {
    Items items;
    for (const auto& item : names_.items()) {
        items[item.key] = text_of(item.data);
    }
    for (const auto& [inode, file] : tree) {
        btrfs::FileExtentHead head;
        if (file.inline_content) {
            head.ram_bytes = file.inline_content->size();
            items[{inode, type::extent_data, 0}] = text_of(bytes_from(head, *file.inline_content));
        }
        for (const auto& [at, ref] : file.refs) {
            const auto& extent = extents_[ref.extent];
            const bool is_prealloc = extent.kind == DataKind::prealloc;
            head.ram_bytes = extent.ram_bytes;
            head.compression = is_prealloc ? 0 : static_cast<u8>(extent.kind);
            head.type = static_cast<u8>(is_prealloc ? btrfs::FileExtentType::prealloc : btrfs::FileExtentType::regular);
            items[{inode, type::extent_data, at}] =
                text_of(bytes_from(head, btrfs::FileExtentRange{.disk_bytenr = extent.bytenr,
                                                                .disk_num_bytes = extent.disk_bytes,
                                                                .offset = ref.offset,
                                                                .num_bytes = ref.num_bytes}));
        }
    }
    return items;
}

void PlantedFiles::plant() {
    SharingPlanter planter(image_);
    std::vector<LeafItem> roots;
    for (const auto& [id, tree] : trees_) {
        const auto planted = planter.plant(id, items_of(tree));
        auto item = root_item(planted);
        item.refs = is_deleted(id) ? 0 : 1;
        roots.push_back({{id, type::root_item, 0}, bytes_from(item)});
    }
    const auto root = image_.plant(btrfs::root_tree_id, roots);
    image_.plant_chunk_tree();
    for (const u64 devid : image_.devids()) {
        image_.super(devid).root = root.address();
        image_.super(devid).root_level = root.level();
    }
}

std::set<std::pair<u64, u64>> PlantedFiles::files_of(u64 tree) const {
    std::set<std::pair<u64, u64>> files;
    for (const auto& [inode, file] : trees_.at(tree)) {
        files.emplace(tree, inode);
    }
    return files;
}

/// Of more than one tree, inode, or place where the extent would begin in the file.
bool PlantedFiles::is_shared(std::size_t extent) const {
    std::set<std::tuple<u64, u64, u64>> referrers;
    for (const auto& [id, tree] : trees_) {
        for (const auto& [inode, file] : tree) {
            for (const auto& [at, ref] : file.refs) {
                if (ref.extent == extent) {
                    referrers.emplace(id, inode, at - ref.offset);
                }
            }
        }
    }
    return referrers.size() > 1;
}

RangeSet PlantedFiles::seen(std::size_t extent) const {
    RangeSet seen;
    for (const auto& [id, tree] : trees_) {
        for (const auto& [inode, file] : tree) {
            for (const auto& [at, ref] : file.refs) {
                if (ref.extent == extent) {
                    seen.insert({ref.offset, ref.offset + ref.num_bytes});
                }
            }
        }
    }
    return seen;
}

u64 PlantedFiles::wasted(std::size_t number) const {
    const auto& extent = extents_[number];
    const u64 unseen = extent.ram_bytes - seen(number).length();
    return extent.is_compressed()
               ? static_cast<u64>(static_cast<double>(unseen) / static_cast<double>(extent.ram_bytes) *
                                  static_cast<double>(extent.disk_bytes))
               : unseen;
}

u64 PlantedFiles::partly_seen_count() const {
    u64 count = 0;
    for (std::size_t number = 0; number < extents_.size(); ++number) {
        const u64 bytes = seen(number).length();
        count += bytes != 0 && bytes < extents_[number].ram_bytes ? 1 : 0;
    }
    return count;
}

u64 PlantedFiles::wasted_bytes() const {
    u64 bytes = 0;
    for (std::size_t number = 0; number < extents_.size(); ++number) {
        bytes += seen(number).empty() ? 0 : wasted(number);
    }
    return bytes;
}

usage::FileUse PlantedFiles::count(const std::set<std::pair<u64, u64>>& files) const {
    usage::FileUse use;
    std::set<std::size_t> had;    // extents that these files have
    std::set<std::size_t> others; // and that others have
    RangeSet shared;
    const auto kind_of = [&](DataKind kind) -> usage::KindUse& { return use.kinds[static_cast<std::size_t>(kind)]; };
    for (const auto& [id, tree] : trees_) {
        for (const auto& [inode, file] : tree) {
            if (!files.contains({id, inode})) {
                for (const auto& [at, ref] : file.refs) {
                    others.insert(ref.extent);
                }
                continue;
            }
            ++use.file_count;
            if (file.inline_content) {
                const u64 length = file.inline_content->size();
                ++use.inline_count;
                kind_of(DataKind::none) += {length, length, length};
            }
            u64 fragments = 0;
            std::optional<u64> end;
            std::optional<std::size_t> last;
            for (const auto& [at, ref] : file.refs) {
                const auto& extent = extents_[ref.extent];
                const bool is_packed = extent.is_compressed();
                had.insert(ref.extent);
                ++use.ref_count;
                use.total_bytes += ref.num_bytes;
                kind_of(extent.kind).referenced_bytes += ref.num_bytes;
                if (is_shared(ref.extent)) {
                    const u64 start = extent.bytenr + (is_packed ? 0 : ref.offset);
                    shared.insert({start, start + ref.num_bytes});
                } else {
                    use.exclusive_bytes += ref.num_bytes;
                }
                const u64 start = extent.bytenr + (is_packed ? 0 : ref.offset);
                fragments += end == start || (is_packed && last == ref.extent) ? 0 : 1;
                end = is_packed ? extent.bytenr + extent.disk_bytes : start + ref.num_bytes;
                last = ref.extent;
            }
            use.fragment_count += fragments;
            use.files_with_data += file.refs.empty() ? 0 : 1;
            use.fragmented_files += fragments > 1 ? 1 : 0;
        }
    }
    for (const std::size_t number : had) {
        const auto& extent = extents_[number];
        ++use.extent_count;
        use.disk_bytes += extent.disk_bytes;
        use.sole_disk_bytes += others.contains(number) ? 0 : extent.disk_bytes;
        use.wasted_bytes += wasted(number);
        kind_of(extent.kind) += {extent.disk_bytes, extent.ram_bytes, 0};
    }
    use.set_shared_bytes = shared.length();
    return use;
}

} // namespace btrkit::test
