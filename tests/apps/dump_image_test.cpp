// SPDX-License-Identifier: MIT
// btrkit-dump-image as users meet it.
#include "apps/dump_image/dump_image.h"

#include "apps/check/check.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/edit/edit.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace dump_image_app_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun dump_image(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_dump_image, arguments);
}

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// A dump of the image, and what is made of it.
class Dumped {
public:
    explicit Dumped(const MadeImage& image, const std::vector<std::string>& options = {})
        : dump_(image.beside("dump")), restored_(image.beside("restored")) {
        auto arguments = options;
        arguments.insert(arguments.end(), {image.path(), "-o", "--to", dump_});
        made = dump_image(arguments);
        std::filesystem::remove(restored_);
        restore = dump_image({"--restore", dump_, restored_});
    }

    const std::string& dump() const { return dump_; }
    const std::string& path() const { return restored_; }
    bool holds(std::string_view text) const { return find_text(image_bytes_of(restored_), text).has_value(); }

    ToolRun made;
    ToolRun restore;

private:
    std::string dump_;
    std::string restored_;
};

/// What dump-tree prints, without the path of the image.
std::string trees(const std::string& path, const std::vector<std::string>& options = {}) {
    auto arguments = options;
    arguments.push_back(path);
    return run_tool(apps::run_dump_tree, arguments).out;
}

/// An image with an inline file, a symlink and an attribute.
void fill(const MadeImage& image) {
    const auto run = run_tool(
        apps::run_edit, {"setfattr", image.path(), "/docs/small", "-n", "user.confidential", "-v", "attribute-value"});
    REQUIRE_MESSAGE(run.status == 0, run.err);
    const auto content = image.beside("content");
    std::ofstream(content) << "content-of-a-small-file";
    const auto put = run_tool(apps::run_edit, {"put", image.path(), content, "/docs/inline"});
    REQUIRE_MESSAGE(put.status == 0, put.err);
}

} // namespace

TEST_CASE("btrkit-dump-image: all trees come back, and file contents do not") {
    const MadeImage image;
    fill(image);
    const Dumped dumped(image);
    CHECK(dumped.made.status == 0);
    CHECK(dumped.made.err.empty());
    CHECK(contains(dumped.made.out, "; file contents left out\n"));
    CHECK(dumped.restore.status == 0);
    CHECK(dumped.restore.err.empty());
    CHECK(contains(dumped.restore.out, "  device 1, " + dumped.path() + ": "));
    CHECK(trees(dumped.path()) == trees(image.path()));
    CHECK(run_tool(apps::run_check, {dumped.path()}).status == 0);
    CHECK(std::filesystem::file_size(dumped.dump()) < 64 * kib);
    CHECK(std::filesystem::file_size(dumped.path()) == std::filesystem::file_size(image.path()));
    CHECK(dumped.holds("confidential"));
    CHECK(dumped.holds("attribute-value"));
    CHECK_FALSE(dumped.holds("content-of-a-small-file"));
    CHECK_FALSE(dumped.holds(as_text(Bytes(MadeImage::content()).first(64))));
}

TEST_CASE("btrkit-dump-image --scramble: other names, and check is content all the same") {
    const MadeImage image;
    fill(image);
    const Dumped dumped(image, {"-s"});
    CHECK(dumped.made.status == 0);
    CHECK(contains(dumped.made.out, "; file contents left out, names scrambled\n"));
    CHECK(run_tool(apps::run_check, {dumped.path()}).status == 0);
    for (const auto* text :
         {"small", "content-of-a-small-file", "confidential", "attribute-value", "inside", "tested"}) {
        CAPTURE(text);
        CHECK(find_text(image.bytes(), text));
        CHECK_FALSE(dumped.holds(text));
    }
    CHECK(trees(dumped.path(), {"--hide-names"}) == trees(image.path(), {"--hide-names"}));
    CHECK(trees(dumped.path()) != trees(image.path()));
}

TEST_CASE("btrkit-dump-image --raw: byte for byte") {
    const MadeImage image;
    fill(image);
    const Dumped dumped(image, {"--raw"});
    CHECK(dumped.made.status == 0);
    CHECK(dumped.holds("content-of-a-small-file"));
    CHECK_FALSE(dumped.holds(as_text(Bytes(MadeImage::content()).first(64))));
}

TEST_CASE("btrkit-dump-image: the same bytes at any number of threads, and into a pipe") {
    const MadeImage image;
    const Dumped one(image, {"--threads", "1"});
    const auto text = file_text(one.dump());
    const Dumped many(image, {"--threads", "5"});
    CHECK(file_text(many.dump()) == text);
    const auto piped = dump_image({image.path(), "--to", "-"});
    CHECK(piped.status == 0);
    CHECK(piped.out == text);
}

TEST_CASE("btrkit-dump-image: what is damaged is so in the dump, and told") {
    const MadeImage image({"-m", "dup"});
    const auto all = trees(image.path());
    const auto at = all.find("fs tree key");
    REQUIRE(at != all.npos);
    // The first copy of the root tree's root, or what stands at its place: "root tree" is printed first of all.
    const auto copies = run_tool(apps::run_dump_tree, {"-t", "5", image.path(), "--format", "json"}).out;
    const auto leaf_at = copies.rfind("\"leaf\":");
    REQUIRE(leaf_at != copies.npos);
    const auto leaf = std::stoull(copies.substr(leaf_at + 7));
    const auto shown =
        run_tool(apps::run_dump_tree, {"-b", std::to_string(leaf), "--copies", image.path(), "--format", "json"}).out;
    const auto place_at = shown.find("\"physical\":");
    REQUIRE(place_at != shown.npos);
    const auto place = std::stoull(shown.substr(place_at + 11));
    image.change([&](SparseBytes& bytes) { bytes.part(place + 200)[0] ^= std::byte{1}; });

    const Dumped dumped(image);
    CHECK(dumped.made.status == 0);
    CHECK(contains(dumped.made.out, "; 1 copy of a block is not as they should be\n"));
    CHECK(contains(dumped.made.err,
                   "tree block " + std::to_string(leaf) + ", mirror 1: is damaged, and is so in the dump\n"));
    const auto check = run_tool(apps::run_check, {dumped.path()});
    CHECK(check.status == run_tool(apps::run_check, {image.path()}).status);
    CHECK(contains(check.out + check.err, "block-checksum"));

    const auto json = dump_image({image.path(), "-o", "--to", dumped.dump(), "--format", "json"});
    CHECK(contains(json.out, "\"bad_copy_count\": 1"));
    CHECK(contains(json.out, "\"what\": \"unsound\""));
}

TEST_CASE("btrkit-dump-image: arrays come back with all redundancy that they have had") {
    struct Array {
        std::string profile;
        std::size_t devices;
        std::size_t may_be_missing;
    };
    for (const auto& [profile, devices, may_be_missing] :
         {Array{"raid0", 3, 0}, Array{"raid10", 4, 1}, Array{"raid5", 3, 1}, Array{"raid6", 4, 2}}) {
        CAPTURE(profile);
        const MadeImage image({"-q", "-m", profile}, devices);
        std::vector<std::string> old_paths;
        std::vector<std::string> new_paths;
        for (std::size_t i = 0; i < devices; ++i) {
            old_paths.push_back(image.path(i));
            new_paths.push_back(image.beside("restored" + std::to_string(i)));
        }
        auto arguments = old_paths;
        arguments.insert(arguments.end(), {"--to", image.beside("dump")});
        CHECK(dump_image(arguments).status == 0);
        arguments = new_paths;
        arguments.insert(arguments.end(), {"--restore", image.beside("dump")});
        CHECK(dump_image(arguments).status == 0);
        CHECK(run_tool(apps::run_check, new_paths).status == 0);
        const auto all = run_tool(apps::run_dump_tree, old_paths).out;
        // One after the other is left out, and at last as many as may be.
        for (std::size_t i = 0; i < devices && may_be_missing > 0; ++i) {
            auto some = new_paths;
            some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
            some.resize(std::min(some.size(), i == 0 ? devices - may_be_missing : devices - 1));
            CHECK(run_tool(apps::run_dump_tree, some).out == all);
        }
    }
}

TEST_CASE("btrkit-dump-image: usage, and what is there already") {
    const MadeImage image;
    const auto dump = image.beside("dump");
    CHECK(dump_image({image.path()}).status == 2);
    CHECK(dump_image({image.path(), "--to", dump, "--restore", dump}).status == 2);
    CHECK(dump_image({image.path(), "--to", dump, "-s", "--raw"}).status == 2);
    CHECK(dump_image({image.path(), "--to", "-", "--format", "json"}).status == 2);
    CHECK(dump_image({image.path(), "--to", dump, "-q"}).out.empty());
    check_refused(dump_image({image.path(), "--to", dump}), 1, {"is there already"}, "btrkit-dump-image");
    check_refused(dump_image({"--restore", dump, image.path()}), 2, {image.path()}, "btrkit-dump-image");
    check_refused(dump_image({"--restore", dump, image.beside("a"), image.beside("b")}), 2,
                  {"needs 1 IMAGE", "device 1 of "}, "btrkit-dump-image");
    CHECK_FALSE(std::filesystem::exists(image.beside("a")));
    check_refused(dump_image({"--restore", image.path(), image.beside("a")}), 1, {"is no dump"}, "btrkit-dump-image");
    check_refused(dump_image({"--restore", dump, image.beside("a"), "--limit", "64k"}), 1,
                  {"has more than 65536 bytes (--limit allows more)"}, "btrkit-dump-image");
    CHECK_FALSE(std::filesystem::exists(image.beside("a")));
}

TEST_CASE(
    "btrkit-dump-image --restore: whatever byte of a dump is wrong, it is refused with the place, and nothing stays") {
    const MadeImage image;
    const Dumped dumped(image);
    const auto text = file_text(dumped.dump());
    const auto bad = image.beside("bad");
    const auto target = image.beside("target");
    const auto refused = [&](const std::string& now) {
        write_text(bad, now);
        const auto run = dump_image({"--restore", bad, target});
        CHECK(run.status != 0);
        CHECK(count_of(run.err, "\n") == 1);
        CHECK(contains(run.err, bad));
        CHECK_FALSE(std::filesystem::exists(target));
    };
    for (std::size_t at = 0; at < text.size(); at += at < 200 ? 1 : 97) {
        CAPTURE(at);
        auto now = text;
        now[at] = static_cast<char>(now[at] ^ 0x10);
        refused(now);
        refused(text.substr(0, at));
    }
    refused(text + "x");
    write_text(bad, text.substr(0, text.size() / 2));
    CHECK(contains(dump_image({"--restore", bad, target}).err, bad + ": is damaged at offset "));
}

} // namespace dump_image_app_test
