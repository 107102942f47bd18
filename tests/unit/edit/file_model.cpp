// SPDX-License-Identifier: MIT
#include "tests/unit/edit/file_model.h"

#include "formats/btrfs/flags.h"
#include "formats/btrfs/objectids.h"
#include "tests/support/content_hash.h"

#include <sys/stat.h>

namespace btrkit::test {

bool ModelFile::is_directory() const {
    return S_ISDIR(mode);
}

bool ModelFile::is_regular() const {
    return S_ISREG(mode);
}

namespace {

template <class Visit>
void visit_names(const ModelFilePtr& dir, Visit&& visit) {
    for (const auto& [name, file] : dir->entries) {
        visit(dir, name, file);
        if (file->is_directory()) {
            visit_names(file, visit);
        }
    }
}

ModelFilePtr copy_file(const ModelFilePtr& file, u64 tree, std::map<ModelFilePtr, ModelFilePtr>& copies) {
    auto& copy = copies[file];
    if (copy) {
        return copy;
    }
    copy = std::make_shared<ModelFile>(*file);
    copy->place.tree = tree;
    for (auto& [name, below] : copy->entries) {
        if (below->is_subvolume) {
            below = std::make_shared<ModelFile>(ModelFile{.is_placeholder = true});
        } else {
            below = copy_file(below, tree, copies);
        }
    }
    return copy;
}

TreeRecord record_of(const std::string& path, const ModelFile& file) {
    if (file.is_placeholder) {
        return {.path = path, .is_placeholder = true};
    }
    TreeRecord record = {.path = path,
                         .mode = file.mode,
                         .uid = file.uid,
                         .gid = file.gid,
                         .device_major = file.device_major,
                         .device_minor = file.device_minor,
                         .atime = file.atime,
                         .mtime = file.mtime,
                         .ctime = file.ctime,
                         .otime = file.otime,
                         .flags = file.flags,
                         .is_subvolume = file.is_subvolume};
    for (const auto& [name, value] : file.xattrs) {
        record.xattrs.push_back({name, value});
    }
    if (!file.is_directory()) {
        record.size = file.content.size();
        record.nlink = file.nlink;
    }
    if (S_ISLNK(file.mode)) {
        record.target = file.content;
    }
    if (file.is_regular()) {
        ContentHash hash;
        hash.add(0, std::as_bytes(std::span(file.content)));
        record.content = hash.text();
    }
    return record;
}

} // namespace

std::vector<ModelName> all_names(const ModelFilePtr& top) {
    std::vector<ModelName> names;
    visit_names(top, [&](const auto& dir, const auto& name, const auto&) { names.push_back({dir, name}); });
    return names;
}

std::vector<ModelFilePtr> all_directories(const ModelFilePtr& top) {
    std::vector<ModelFilePtr> directories = {top};
    visit_names(top, [&](const auto&, const auto&, const auto& file) {
        if (file->is_directory()) {
            directories.push_back(file);
        }
    });
    return directories;
}

ModelFilePtr snapshot_of(const ModelFilePtr& subvolume, u64 tree) {
    std::map<ModelFilePtr, ModelFilePtr> copies;
    auto copy = copy_file(subvolume, tree, copies);
    copy->is_subvolume = true;
    return copy;
}

TreeListing listing_of(const ModelFilePtr& top) {
    std::vector<std::pair<TreeRecord, std::pair<u64, u64>>> records;
    std::map<const ModelFile*, u64> numbers;
    const auto add = [&](const std::string& path, const ModelFilePtr& file) {
        const u64 number = numbers.try_emplace(file.get(), numbers.size()).first->second;
        records.push_back({record_of(path, *file), {0, number}});
    };
    const auto list = [&](auto& self, const std::string& path, const ModelFilePtr& dir) -> void {
        for (const auto& [name, file] : dir->entries) {
            const auto below = path == "." ? name : path + "/" + name;
            add(below, file);
            if (file->is_directory()) {
                self(self, below, file);
            }
        }
    };
    add(".", top);
    list(list, ".", top);
    TreeListing listing;
    settle(records, listing);
    return listing;
}

} // namespace btrkit::test
