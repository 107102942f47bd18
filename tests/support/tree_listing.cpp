// SPDX-License-Identifier: MIT
#include "tests/support/tree_listing.h"

#include "libfs/base/names.h"
#include "tests/support/content_hash.h"

#include <cassert>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <map>
#include <new>
#include <xxhash.h>

namespace btrkit::test {

namespace {

struct Field {
    std::string name;
    std::function<std::string(const TreeRecord&)> text;
};

std::string time_text(const Time& time) {
    return fmt::format("{}.{:09}", time.sec, time.nsec);
}

std::string xattrs_text(const TreeRecord& record) {
    std::string text;
    for (const auto& [name, value] : record.xattrs) {
        text += fmt::format("{}={} ", printable(name), printable(value));
    }
    return text;
}

std::string ranges_text(const TreeRecord& record) {
    std::string text;
    for (const auto& [begin, end] : record.ranges) {
        text += fmt::format("{}-{} ", begin, end);
    }
    return text;
}

std::string subvolume_text(const TreeRecord& record) {
    const auto* kind = record.is_subvolume ? "subvolume" : "directory";
    return record.is_placeholder ? "placeholder" : fmt::format("{}{}", record.is_read_only ? "read-only " : "", kind);
}

const std::vector<Field>& fields() {
    static const std::vector<Field> all = {
        {"mode", [](const auto& record) { return fmt::format("0{:o}", record.mode); }},
        {"uid", [](const auto& record) { return fmt::format("{}", record.uid); }},
        {"gid", [](const auto& record) { return fmt::format("{}", record.gid); }},
        {"rdev", [](const auto& record) { return fmt::format("{}:{}", record.device_major, record.device_minor); }},
        {"size", [](const auto& record) { return fmt::format("{}", record.size); }},
        {"nlink", [](const auto& record) { return fmt::format("{}", record.nlink); }},
        {"atime", [](const auto& record) { return time_text(record.atime); }},
        {"mtime", [](const auto& record) { return time_text(record.mtime); }},
        {"ctime", [](const auto& record) { return time_text(record.ctime); }},
        {"otime", [](const auto& record) { return time_text(record.otime); }},
        {"flags", [](const auto& record) { return fmt::format("{:#x}", record.flags); }},
        {"xattrs", xattrs_text},
        {"target", [](const auto& record) { return printable(record.target); }},
        {"links", [](const auto& record) { return printable(record.first_name); }},
        {"ranges", ranges_text},
        {"content", [](const auto& record) { return record.content; }},
        {"subvolume", subvolume_text},
    };
    return all;
}

} // namespace

const std::vector<std::string>& comparable_fields() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        std::ranges::transform(fields(), std::back_inserter(all), &Field::name);
        return all;
    }();
    return names;
}

std::vector<std::string> differences(const TreeListing& left, const TreeListing& right,
                                     const std::set<std::string>& ignored) {
    std::vector<std::string> lines;
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() || b != right.end()) {
        if (b == right.end() || (a != left.end() && a->path < b->path)) {
            lines.push_back(fmt::format("{}: only in the first", printable(a++->path)));
        } else if (a == left.end() || b->path < a->path) {
            lines.push_back(fmt::format("{}: only in the second", printable(b++->path)));
        } else {
            for (const auto& [name, text] : fields()) {
                const auto in_a = text(*a);
                const auto in_b = text(*b);
                if (in_a != in_b && !ignored.contains(name)) {
                    lines.push_back(fmt::format("{}: {}: {} and {}", printable(a->path), name, in_a, in_b));
                }
            }
            ++a;
            ++b;
        }
    }
    return lines;
}

void settle(std::vector<std::pair<TreeRecord, std::pair<u64, u64>>>& records, TreeListing& listing) {
    std::ranges::sort(records, {}, [](const auto& record) -> const std::string& { return record.first.path; });
    std::map<std::pair<u64, u64>, std::string> first_names;
    for (auto& [record, inode] : records) {
        record.first_name = first_names.try_emplace(inode, record.path).first->second;
        listing.push_back(std::move(record));
    }
}

void add_range(std::vector<DataRange>& ranges, u64 begin, u64 end) {
    if (!ranges.empty() && ranges.back().end == begin) {
        ranges.back().end = end;
    } else {
        ranges.push_back({begin, end});
    }
}

ContentHash::ContentHash() : state_(XXH3_createState()) {
    if (state_ == nullptr) {
        throw std::bad_alloc();
    }
    XXH3_128bits_reset(state_);
}

ContentHash::~ContentHash() {
    XXH3_freeState(state_);
}

void ContentHash::add(u64 offset, Bytes bytes) {
    assert(offset % block_bytes == 0);
    for (; !bytes.empty(); offset += block_bytes) {
        const Bytes block = clipped(bytes, 0, block_bytes);
        bytes = bytes.subspan(block.size());
        u64 length = block.size(); // without the zeros at its end: it may be cut there
        while (length > 0 && block[length - 1] == std::byte{0}) {
            --length;
        }
        if (length > 0) {
            XXH3_128bits_update(state_, &offset, sizeof(offset));
            XXH3_128bits_update(state_, &length, sizeof(length));
            XXH3_128bits_update(state_, block.data(), length);
        }
    }
}

std::string ContentHash::text() const {
    const auto hash = XXH3_128bits_digest(state_);
    return fmt::format("{:016x}{:016x}", u64{hash.high64}, u64{hash.low64});
}

} // namespace btrkit::test
