// SPDX-License-Identifier: MIT
// btrkit-edit in process: its verbs on an image, scripts, and what is wrong with paths.
#include "apps/dump_super/dump_super.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/edit/attribute_text.h"
#include "apps/edit/edit.h"
#include "apps/mkfs/mkfs.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/edit_files/mode_change.h"
#include "tests/apps/tool_run.h"
#include "tests/support/image_bytes.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tree_listing.h"

#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace edit_tool_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// An image, and a folder of the host beside it.
class Bench {
public:
    Bench() {
        std::filesystem::create_directory(folder_ / "source");
        write("source/kept", "kept\n");
        const auto made =
            run_tool(apps::run_mkfs, {"-q", "--size", "min+12M", "--rootdir", folder_ / "source", image()});
        REQUIRE_MESSAGE(made.status == 0, made.err);
    }

    std::string image() const { return folder_ / "image"; }
    std::string host(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::string text(std::filesystem::file_size(folder_ / name), '\0');
        std::ifstream(folder_ / name, std::ios::binary).read(text.data(), static_cast<std::streamsize>(text.size()));
        return text;
    }
    ToolRun edit(std::vector<std::string> words) const {
        words.insert(words.begin(), image());
        return run_tool(apps::run_edit, words);
    }
    void must_edit(const std::vector<std::string>& words) const {
        const auto run = edit(words);
        CHECK_MESSAGE(run.status == 0, run.err);
    }
    /// Fails, and nothing was changed: data may have been written, but where the filesystem has nothing.
    std::string failure(const std::vector<std::string>& words, int status = 1) const {
        const auto before = state();
        const auto run = edit(words);
        CHECK(run.status == status);
        CHECK(run.out.empty());
        CHECK((state() == before));
        return run.err;
    }
    /// All superblocks and trees.
    std::string state() const {
        return run_tool(apps::run_dump_super, {"-a", "-f", image()}).out + run_tool(apps::run_dump_tree, {image()}).out;
    }
    TreeRecord at(const std::string& path) const {
        const auto filesystem = open_image(image());
        const auto records = list_image(filesystem, *find_path(filesystem, "/"));
        for (const auto& record : *records) {
            if (record.path == path) {
                return record;
            }
        }
        return {};
    }
    std::string text_at(const std::string& path) const { return edit({"get", path, "-"}).out; }

private:
    static Filesystem open_image(const std::string& path);

    TemporaryFolder folder_;
};

Filesystem Bench::open_image(const std::string& path) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::make_unique<MemoryDevice>("image", image_bytes_of(path)));
    auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    return std::move(*filesystem);
}

std::string mode_text(std::string_view change, u32 mode) {
    const auto parsed = edit_files::ModeChange::parse(change);
    return parsed ? fmt::format("{:o}", parsed->apply(mode)) : "!";
}

} // namespace

TEST_CASE("edit: each verb does what its name says") {
    const Bench bench;
    bench.write("key", "ssh-ed25519 AAAA\n");
    bench.must_edit({"put", "-p", "-m", "600", "--owner", "0:0", bench.host("key"), "/root/.ssh/authorized_keys"});
    const auto key = bench.at("root/.ssh/authorized_keys");
    CHECK(key.mode == (S_IFREG | 0600));
    CHECK(key.uid == 0);
    CHECK(bench.text_at("/root/.ssh/authorized_keys") == "ssh-ed25519 AAAA\n");

    bench.must_edit({"mkdir", "-p", "/a/b/c", "/a/d"});
    bench.must_edit({"mkdir", "-p", "-m", "700", "/a/b"});
    CHECK(bench.at("a/b").mode == (S_IFDIR | 0755));
    bench.must_edit({"mv", "/kept", "/a/b/moved"});
    bench.must_edit({"ln", "/a/b/moved", "/hard"});
    CHECK(bench.at("hard").first_name == "a/b/moved");
    bench.must_edit({"ln", "-s", "../x", "/a/soft"});
    CHECK(bench.at("a/soft").target == "../x");
    bench.must_edit({"mknod", "-m", "660", "/a/tty", "c", "4", "64"});
    CHECK(bench.at("a/tty").mode == (S_IFCHR | 0660));
    CHECK(bench.at("a/tty").device_minor == 64);
    bench.must_edit({"chmod", "u+s,go-r", "/hard"});
    CHECK((bench.at("hard").mode & 07777) == 04600);
    bench.must_edit({"chown", "12:34", "/hard"});
    CHECK(bench.at("hard").uid == 12);
    CHECK(bench.at("hard").gid == 34);
    CHECK((bench.at("hard").mode & 07777) == 0600);
    bench.must_edit({"chown", "-R", ":7", "/a"});
    CHECK(bench.at("a/b/c").gid == 7);
    bench.must_edit({"touch", "-d", "@1234.5", "/hard", "/new"});
    CHECK(bench.at("new").mtime == Time{.sec = 1234, .nsec = 500'000'000});
    bench.must_edit({"touch", "-c", "/not-made"});
    CHECK(bench.at("not-made").path.empty());
    bench.must_edit({"truncate", "-s", "1M", "/new"});
    CHECK(bench.at("new").size == mib);
    bench.must_edit({"setfattr", "-n", "user.x", "-v", "0x4142", "/new"});
    CHECK(bench.at("new").xattrs == std::vector<Xattr>{{"user.x", "AB"}});
    bench.must_edit({"setfattr", "-x", "user.x", "/new"});
    CHECK(bench.at("new").xattrs.empty());
    bench.must_edit({"chattr", "+id", "/new"});
    CHECK(bench.edit({"lsattr", "/new"}).out == "--i-d---- /new\n");
    bench.must_edit({"chattr", "-i", "/new"});
    CHECK(bench.edit({"lsattr", "/new"}).out == "----d---- /new\n");
    bench.must_edit({"compress", "zstd", "/a/d"});
    CHECK(bench.at("a/d").xattrs == std::vector<Xattr>{{"btrfs.compression", "zstd"}});
    bench.must_edit({"cp", "--reflink", "-r", "/a", "/copy"});
    CHECK(bench.text_at("/copy/b/moved") == "kept\n");
    bench.must_edit({"rm", "-r", "/a"});
    CHECK(bench.at("a").path.empty());
    bench.must_edit({"rm", "-f", "/a", "/hard"});
    CHECK(bench.at("copy/b/moved").nlink == 1);
}

TEST_CASE("edit: a folder is merged, and comes out as it went in") {
    const Bench bench;
    std::filesystem::create_directories(bench.host("tree/sub/deep"));
    bench.write("tree/one", "1");
    bench.write("tree/sub/two", std::string(200'000, 'z'));
    std::filesystem::create_hard_link(bench.host("tree/one"), bench.host("tree/sub/again"));
    std::filesystem::create_symlink("one", bench.host("tree/link"));
    bench.must_edit({"put", "--compress", "zstd", bench.host("tree"), "/"});
    bench.must_edit({"put", bench.host("tree"), "/other"});
    CHECK(bench.at("sub/again").first_name == "one");
    CHECK(bench.at("kept").size == 5);
    bench.write("tree/one", "changed");
    bench.must_edit({"put", bench.host("tree"), "/other"});
    CHECK(bench.text_at("/other/one") == "changed");
    CHECK(bench.text_at("/one") == "1");
    bench.must_edit({"get", "/other", bench.host("out")});
    CHECK(bench.read("out/sub/two") == std::string(200'000, 'z'));
    CHECK(std::filesystem::read_symlink(bench.host("out/link")) == "one");
    CHECK(std::filesystem::equivalent(bench.host("out/one"), bench.host("out/sub/again")));
    bench.must_edit({"get", "/other/one", bench.host("single")});
    CHECK(bench.read("single") == "changed");
    bench.must_edit({"get", "/other/sub", bench.host("folder/")});
    CHECK(bench.read("folder/two") == std::string(200'000, 'z'));
    CHECK(contains(bench.failure({"get", "/other", bench.host("none/out")}), "is no folder"));
    CHECK(contains(bench.failure({"get", "/none", bench.host("gone")}), "/none"));
    CHECK(!std::filesystem::exists(bench.host("gone")));
    CHECK(contains(bench.failure({"get", "/other", bench.host("out")}), "is there already"));
}

TEST_CASE("edit: options may stand before the verb, too") {
    const Bench bench;
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--format", "json", "mkdir", "/one"},
                                                  {"-n", "mkdir", "/two"},
                                                  {"mkdir", "-n", "/three"}}) {
        const auto run = bench.edit(words);
        CHECK_MESSAGE(run.status == 0, run.err);
    }
    CHECK(bench.at("one").mode == (S_IFDIR | 0755));
    CHECK(bench.at("two").path.empty());
    CHECK(contains(bench.edit({"-n", "no-verb", "/x"}).err, "verb"));
    // A value that is called as a verb is none.
    bench.write("script", "mkdir /four\n");
    CHECK(bench.edit({"--memory", "rm", "-f", bench.host("script")}).status == 2);
    CHECK(bench.edit({"--undo", bench.host("rm"), "-f", bench.host("script")}).status == 0);
    CHECK(bench.at("four").mode == (S_IFDIR | 0755));
}

TEST_CASE("edit: a script is one commit, and nothing where any of it fails") {
    const Bench bench;
    bench.write("script", "mkdir /x\nput " + bench.host("source/kept") + " '/x/a b'\nchattr -i /x # clears\n");
    bench.must_edit({"-f", bench.host("script")});
    CHECK(bench.text_at("/x/a b") == "kept\n");
    bench.write("script", "mkdir /y\nrm /none\n");
    CHECK(contains(bench.failure({"-f", bench.host("script")}), "line 2: "));
    bench.write("script", "mkdir /y\nfly /none\n");
    CHECK(contains(bench.failure({"-f", bench.host("script")}, 2), "line 2: there is no verb 'fly'"));
    const auto dry = bench.edit({"mkdir", "-n", "/y"});
    CHECK(contains(dry.out, "dry run"));
    CHECK(bench.at("y").path.empty());
}

TEST_CASE("edit: the same bytes with SOURCE_DATE_EPOCH") {
    ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    const Bench bench;
    std::filesystem::copy(bench.image(), bench.host("image2"));
    for (const auto& image : {bench.image(), bench.host("image2")}) {
        const auto run = run_tool(apps::run_edit, {image, "put", "--all-root", bench.host("source"), "/etc"});
        CHECK_MESSAGE(run.status == 0, run.err);
    }
    ::unsetenv("SOURCE_DATE_EPOCH");
    CHECK((image_bytes_of(bench.host("image")) == image_bytes_of(bench.host("image2"))));
    CHECK(bench.at("etc/kept").mtime.sec <= 1'700'000'000);
    CHECK(bench.at("etc/kept").ctime.sec == 1'700'000'000);
}

TEST_CASE("edit: what can't be done is said with its path, and changes nothing") {
    const Bench bench;
    bench.write("file", "x");
    CHECK(contains(bench.failure({"put", bench.host("none"), "/x"}), "none"));
    CHECK(contains(bench.failure({"put", bench.host("file"), "/none/x"}), "(looking for /none)"));
    CHECK(contains(bench.failure({"put", bench.host("source"), "/kept"}), "path /kept"));
    CHECK(contains(bench.failure({"put", bench.host("file"), "/"}, 2), "ends in no name"));
    CHECK(contains(bench.failure({"put", bench.host("file"), "/../x"}, 2), ".."));
    CHECK(contains(bench.failure({"put", bench.host("file"), ""}, 2), "ends in no name"));
    CHECK(contains(bench.failure({"mkdir", "/" + std::string(256, 'x')}, 2), "ends in no name"));
    CHECK(contains(bench.failure({"mkdir", "/kept"}), "path /kept: \"kept\" is there already"));
    CHECK(contains(bench.failure({"rm", "/none"}), "none"));
    CHECK(contains(bench.failure({"mv", "/none", "/x"}), "none"));
    CHECK(contains(bench.failure({"chmod", "rwx", "/kept"}, 2), "'rwx' is no mode"));
    CHECK(contains(bench.failure({"chown", "root", "/kept"}, 2), "'root'"));
    CHECK(contains(bench.failure({"setfattr", "-n", "foo", "/kept"}, 2), "'foo'"));
    CHECK(contains(bench.failure({"put", "-", "/x"}, 2), "standard input"));
    CHECK(contains(bench.failure({"fly"}, 2), "there is no verb 'fly'"));
    CHECK(contains(bench.failure({}, 2), "verb"));
    // More than there is room for.
    bench.write("huge", "");
    std::filesystem::resize_file(bench.host("huge"), 10);
    std::ofstream(bench.host("huge"), std::ios::binary) << std::string(24 * mib, 'x');
    CHECK(contains(bench.failure({"put", bench.host("huge"), "/huge"}), "huge: no space left for data"));
}

TEST_CASE("edit: as the kernel does it where that was another way once") {
    const Bench bench;
    bench.must_edit({"mkdir", "/d"});
    bench.must_edit({"touch", "/d/one"});
    bench.must_edit({"ln", "/d/one", "/d/two"});
    bench.must_edit({"cp", "-r", "/d", "/copy"});
    CHECK(bench.at("copy/one").nlink == 2);
    CHECK(bench.at("copy/one").first_name == bench.at("copy/two").first_name);
    // D is for directories; asked of a file it says nothing.
    bench.must_edit({"chattr", "+D", "/d", "/d/one"});
    CHECK(bench.at("d").flags == btrfs::inode_dirsync);
    CHECK(bench.at("d/one").flags == 0);
    // Without compression: the flag is inherited, the property not.
    bench.must_edit({"compress", "none", "/d"});
    bench.must_edit({"touch", "/d/three"});
    CHECK(bench.at("d/three").xattrs.empty());
    CHECK(bench.at("d/three").flags == btrfs::inode_nocompress);
}

TEST_CASE("edit: modes, times and values as they are written") {
    CHECK(mode_text("644", S_IFREG | 0777) == "644");
    CHECK(mode_text("7777", S_IFREG) == "7777");
    CHECK(mode_text("u+x,go-w", S_IFREG | 0666) == "744");
    CHECK(mode_text("g=u", S_IFREG | 0640) == "660");
    CHECK(mode_text("o+g,g-u", S_IFREG | 0751) == "705");
    CHECK(mode_text("755", S_IFDIR | 06700) == "6755"); // a directory keeps what is not named
    CHECK(mode_text("00755", S_IFDIR | 06700) == "755");
    CHECK(mode_text("g=rx", S_IFDIR | 02700) == "2750");
    CHECK(mode_text("g-s", S_IFDIR | 02700) == "700");
    CHECK(mode_text("2755", S_IFDIR | 04700) == "6755");
    CHECK(mode_text("755", S_IFREG | 06700) == "755");
    CHECK(mode_text("a=rX", S_IFREG | 0600) == "444");
    CHECK(mode_text("a=rX", S_IFDIR | 0700) == "555");
    CHECK(mode_text("+t", S_IFDIR | 0777) == "1777");
    CHECK(mode_text("u=rw,g=r,o=", S_IFREG | 0777) == "640");
    for (const auto* bad : {"", "8", "x", "u", "u+z", "q+r", "77777"}) {
        CHECK(mode_text(bad, 0) == "!");
    }
    CHECK(apps::parse_time("@-5")->sec == -5);
    CHECK(apps::parse_time("2000-01-01")->sec == 946'684'800);
    CHECK(apps::parse_time("2000-01-01 00:01:00")->sec == 946'684'860);
    for (const auto* bad : {"", "@", "@x", "@1.x", "@1.0123456789", "yesterday", "2000-01-01 1"}) {
        CHECK_FALSE(apps::parse_time(bad));
    }
    CHECK(*apps::xattr_value("0sQUI=") == "AB");
    CHECK_FALSE(apps::xattr_value("0x4"));
    CHECK(apps::parse_numeric_owner("5:")->uid == 5);
    CHECK_FALSE(apps::parse_numeric_owner(":"));
    CHECK_FALSE(apps::parse_numeric_owner("4294967295"));
}

} // namespace edit_tool_test
