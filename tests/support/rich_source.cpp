// SPDX-License-Identifier: MIT
#include "tests/support/rich_source.h"

#include <array>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

constexpr u32 acl_no_id = ~u32{0};

/// Different names with the same hash (crc32c): after any prefix of one length.
constexpr std::array colliding_suffixes =
    std::to_array<std::string_view>({"2e9lnn0", "e1ucs9q", "0pwueqi", "lc8yzsl", "2rx9t2i", "ci337p5"});

struct AclEntry {
    u16 tag;
    u16 permissions;
    u32 id;
};

/// As the kernel takes it in system.posix_acl_*: version 2, then entries, little-endian.
std::string acl_text(const std::vector<AclEntry>& entries) {
    std::string text("\2\0\0\0", 4);
    const auto put = [&text](u64 value, int bytes) {
        for (int i = 0; i < bytes; ++i) {
            text.push_back(static_cast<char>(value >> (8 * i)));
        }
    };
    for (const auto& entry : entries) {
        put(entry.tag, 2);
        put(entry.permissions, 2);
        put(entry.id, 4);
    }
    return text;
}

class Maker {
public:
    explicit Maker(const RichSourceOptions& options) : options_(options) {}

    std::vector<SourceNode> make() {
        add_sizes();
        add_holes();
        add_names();
        add_kinds();
        add_symlinks();
        add_links();
        add_modes();
        add_xattrs();
        if (!options_.for_tar) {
            add_flags();
        }
        add_crowd();
        add_depth();
        add_subvolumes();
        directory("written"); // for those who mount the image
        return std::move(nodes_);
    }

private:
    SourceNode& directory(const std::string& path, u32 permissions = 0755) {
        return nodes_.emplace_back(SourceNode{.path = path, .mode = S_IFDIR | permissions});
    }
    SourceNode& file(const std::string& path, u64 size = 0, Texture texture = Texture::text) {
        auto& node =
            nodes_.emplace_back(SourceNode{.path = path, .mode = S_IFREG | 0644, .size = size, .texture = texture});
        if (size > 0) {
            node.ranges = {{0, size}};
        }
        return node;
    }
    void sparse(const std::string& path, u64 size, std::vector<std::pair<u64, u64>> ranges) {
        file(path, size, Texture::random).ranges = std::move(ranges);
    }
    void symlink(const std::string& path, std::string target) {
        nodes_.push_back({.path = path, .mode = S_IFLNK | 0777, .target = std::move(target)});
    }
    void link(const std::string& path, const std::string& target) {
        nodes_.push_back({.path = path, .mode = S_IFREG | 0644, .target = target});
    }

    void add_sizes() {
        directory("sizes");
        constexpr std::array names = {"text", "random", "mixed", "zeros"};
        for (unsigned i = 0; i < names.size(); ++i) {
            for (const u64 size : {u64{1}, 2047 * u64{1}, 2 * kib, 2 * kib + 1, 4 * kib - 1, 4 * kib, 4 * kib + 1,
                                   128 * kib - 1, 128 * kib, 128 * kib + 1, 3 * mib, 5 * mib / 2 + 77}) {
                file(fmt::format("sizes/{}-{}", names[i], size), size, static_cast<Texture>(i));
            }
        }
        file("sizes/text-large", 9 * mib + 5, Texture::text);
        file("empty");
    }

    /// The filesystem's blocks may be as large as 64 KiB; where they are, holes in blocks-4k are no holes any more.
    void add_holes() {
        directory("holes");
        sparse("holes/start", 256 * kib, {{128 * kib, 128 * kib}});
        sparse("holes/middle", 320 * kib, {{0, 64 * kib}, {256 * kib, 64 * kib}});
        sparse("holes/end", mib, {{0, 64 * kib}});
        sparse("holes/all", mib, {});
        sparse("holes/all-odd", mib + 1, {});
        if (!options_.for_tar) {
            sparse("holes/one-byte", 1, {});
        }
        sparse("holes/odd-end", 200 * kib + 3, {{0, 64 * kib}, {192 * kib, 8 * kib + 3}});
        sparse("holes/far", 5 * kib * mib + 64 * kib, {{5 * kib * mib, 64 * kib}});
        auto& many = file("holes/many", 8 * mib, Texture::random);
        many.ranges.clear();
        for (u64 at = 64 * kib; at < many.size; at += 192 * kib) {
            many.ranges.emplace_back(at, 64 * kib);
        }
        directory("holes/blocks-4k");
        sparse("holes/blocks-4k/start", 8 * kib, {{4 * kib, 4 * kib}});
        sparse("holes/blocks-4k/short-end", 4 * kib + 9, {{0, 4 * kib}});
        sparse("holes/blocks-4k/middle", 140 * kib, {{0, 4 * kib}, {132 * kib, 8 * kib}});
    }

    void add_names() {
        directory("names");
        unsigned number = 0;
        for (const auto* name : {" ", "-rf", "a\nb", "back\\slash", "\"quotes'", "\t", "\x01\x7f", "*?[", "...",
                                 "\xc3\xa4", "a\xcc\x88", "%s", "colon:", "comma,"}) {
            file(fmt::format("names/{}", name), number++);
        }
        for (const auto* name : {"\xff\xfe", "half-\xc3", "\x80"}) { // no UTF-8
            file(fmt::format("names/{}", name), number++);
        }
        file("names/" + std::string(255, 'n'), number++);
        directory("names/" + std::string(254, 'd') + "\xff");
        file("names/" + std::string(254, 'd') + "\xff/" + std::string(255, 'x'), 3 * kib);
        for (const auto& suffix : colliding_suffixes) {
            file(fmt::format("names/same-{}", suffix), number++);
        }
    }

    void add_kinds() {
        directory("kinds");
        nodes_.push_back({.path = "kinds/fifo", .mode = S_IFIFO | 0600});
        if (!options_.for_tar) {
            nodes_.push_back({.path = "kinds/socket", .mode = S_IFSOCK | 0755});
        }
        if (options_.is_root) {
            nodes_.push_back({.path = "kinds/null", .mode = S_IFCHR | 0666, .device_major = 1, .device_minor = 3});
            nodes_.push_back(
                {.path = "kinds/char-large", .mode = S_IFCHR | 0600, .device_major = 4095, .device_minor = 1048575});
            nodes_.push_back(
                {.path = "kinds/block", .mode = S_IFBLK | 0660, .device_major = 259, .device_minor = 70000});
        }
    }

    void add_symlinks() {
        directory("symlinks");
        for (const unsigned length : {1U, 59U, 60U, 61U, 255U, 2047U, 2048U, 2049U, 3900U}) {
            symlink(fmt::format("symlinks/{}", length), std::string(length, 's'));
        }
        symlink("symlinks/up", "../sizes/text-1");
        symlink("symlinks/nowhere", "/no/such/place\xff");
    }

    /// Names so long that 400 fill more than the largest leaf.
    void add_links() {
        directory("links");
        directory("links/other");
        file("links/first", 5000);
        const unsigned count = options_.with_extrefs ? 400 : 12;
        for (unsigned i = 1; i < count; ++i) {
            link(fmt::format("links/{:0230}", i), "links/first");
        }
        link("links/other/name", "links/first");
        file("links/inline", 100);
        link("links/inline-2", "links/inline");
        if (!options_.for_tar) {
            nodes_.push_back({.path = "links/fifo", .mode = S_IFIFO | 0644});
            link("links/fifo-2", "links/fifo");
        }
    }

    void add_modes() {
        directory("modes", 01777);
        file("modes/setuid").mode = S_IFREG | 04755;
        file("modes/setgid").mode = S_IFREG | 02711;
        file("modes/read-only", 10).mode = S_IFREG | 0444;
        directory("modes/setgid-directory", 02775);
        if (options_.is_root) {
            file("modes/nothing", 10).mode = S_IFREG | 0;
            constexpr u32 largest_id = ~u32{0} - 1;
            unsigned number = 0;
            for (const auto& [uid, gid] : {std::pair<u32, u32>{1000, 2000},
                                           {65534, 65534},
                                           {65536, 0},
                                           {0, 3000000000},
                                           {largest_id, largest_id}}) {
                auto& owned = file(fmt::format("modes/owned-{}", number), number);
                ++number;
                owned.uid = uid;
                owned.gid = gid;
            }
        }
    }

    void add_xattrs() {
        directory("xattrs").xattrs = {{"user.on-directory", "yes"}};
        file("xattrs/one", 10).xattrs = {{"user.name", "value"}};
        file("xattrs/empty-value").xattrs = {{"user.empty", ""}};
        file("xattrs/binary").xattrs = {{"user.binary", std::string("\0\1\xff\n", 4)}};
        file("xattrs/large", 4097).xattrs = {{"user.large", std::string(2900, 'v')}};
        file("xattrs/long-name").xattrs = {{"user." + std::string(250, 'n'), "long"}};
        auto& same = file("xattrs/same-hash");
        for (const auto& suffix : colliding_suffixes) {
            same.xattrs.emplace_back(fmt::format("user.{}", suffix), suffix);
        }
        // user, named user, group, mask, others
        const auto acl =
            acl_text({{1, 7, acl_no_id}, {2, 5, 1234}, {4, 4, acl_no_id}, {16, 5, acl_no_id}, {32, 0, acl_no_id}});
        auto& with_acl = file("xattrs/acl", 20);
        with_acl.mode = S_IFREG | 0750;
        with_acl.xattrs = {{"system.posix_acl_access", acl}};
        auto& inheriting = directory("xattrs/default-acl", 0750);
        inheriting.xattrs = {{"system.posix_acl_access", acl}, {"system.posix_acl_default", acl}};
        if (options_.is_root) {
            file("xattrs/capable", 30).xattrs = {
                {"security.capability", std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)}};
            file("xattrs/trusted").xattrs = {{"trusted.overlay.opaque", "y"}};
        }
    }

    void add_flags() {
        directory("flags").chattr_flags = FS_NODUMP_FL;
        file("flags/nodump", 10).chattr_flags = FS_NODUMP_FL;
        file("flags/noatime", 5000).chattr_flags = FS_NOATIME_FL;
        file("flags/sync", 10).chattr_flags = FS_SYNC_FL;
        directory("flags/dirsync").chattr_flags = FS_DIRSYNC_FL;
        file("flags/nocow", 300 * kib).chattr_flags = FS_NOCOW_FL;
        file("flags/compress", 300 * kib).chattr_flags = FS_COMPR_FL;
        file("flags/nocompress", 300 * kib).chattr_flags = FS_NOCOMP_FL;
        if (options_.is_root) {
            file("flags/immutable", 10).chattr_flags = FS_IMMUTABLE_FL;
            file("flags/append", 10).chattr_flags = FS_APPEND_FL;
        }
    }

    void add_crowd() {
        directory("crowd");
        for (unsigned i = 0; i < 3000; ++i) {
            file(fmt::format("crowd/name-{}-{}", i * 7919U % 3001U, i), i % 10 == 0 ? i : 0);
        }
    }

    void add_depth() {
        std::string path = "depth";
        directory(path);
        for (unsigned i = 0; i < 200; ++i) {
            path += fmt::format("/level-{}", i);
            directory(path);
        }
        file(path + "/bottom", 7000);
    }

    /// Plain directories here, which --subvol makes subvolumes.
    void add_subvolumes() {
        for (const auto* path : {"volumes", "volumes/writable", "volumes/writable/inner",
                                 "volumes/writable/inner/read-only", "volumes/default", "volumes/empty"}) {
            directory(path);
            if (!std::string_view(path).ends_with("empty")) {
                file(fmt::format("{}/file", path), 100 * kib, Texture::mixed);
                link(fmt::format("{}/second-name", path), fmt::format("{}/file", path));
                file(fmt::format("{}/small", path), 500);
            }
        }
    }

    RichSourceOptions options_;
    std::vector<SourceNode> nodes_;
};

} // namespace

std::vector<SourceNode> rich_source(const RichSourceOptions& options) {
    return Maker(options).make();
}

} // namespace btrkit::test
