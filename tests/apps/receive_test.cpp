// SPDX-License-Identifier: MIT
// The manners of btrkit-receive, on what btrkit-send makes of images that btrkit-mkfs made.
#include "apps/receive/receive.h"

#include "apps/check/check.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/edit/edit.h"
#include "apps/stream/stream.h"
#include "apps/subvolume/subvolume.h"
#include "apps/undo/undo.h"
#include "tests/apps/json_members.h"
#include "tests/apps/send_run.h"

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace receive_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

const std::string tool = "btrkit-receive";

ToolRun receive(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_receive, arguments);
}

ToolRun receive_well(const std::vector<std::string>& arguments) {
    auto run = receive(arguments);
    CHECK_MESSAGE(run.status == 0, run.err);
    return run;
}

void must_run(apps::App app, const std::vector<std::string>& arguments) {
    const auto run = run_tool(app, arguments);
    REQUIRE_MESSAGE(run.status == 0, run.err);
}

/// What the test reads from fd 0 is this file, until it is gone.
class StandardInput {
public:
    explicit StandardInput(const std::string& path) : old_(::dup(STDIN_FILENO)) {
        const int file = ::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC);
        REQUIRE(file >= 0);
        REQUIRE(::dup2(file, STDIN_FILENO) == STDIN_FILENO);
        ::close(file);
    }
    ~StandardInput() {
        if (old_ >= 0) {
            ::dup2(old_, STDIN_FILENO);
            ::close(old_);
        } else {
            ::close(STDIN_FILENO);
        }
    }
    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;

private:
    int old_;
};

/// A terminal that nobody sits at.
class Terminal {
public:
    Terminal() : fd_(::posix_openpt(O_RDWR | O_NOCTTY)) {
        REQUIRE(fd_ >= 0);
        REQUIRE(::grantpt(fd_) == 0);
        REQUIRE(::unlockpt(fd_) == 0);
    }
    ~Terminal() { ::close(fd_); }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    std::string path() const { return ::ptsname(fd_); }

private:
    int fd_;
};

/// docs, and later, a snapshot of it without /small and with /fresh, as two streams; and empty images to receive them.
class Streams {
public:
    Streams() {
        must_run(apps::run_subvolume, {"snapshot", source(), "docs", "later"});
        write_file(beside("fresh"), std::string_view("fresh text"));
        must_run(apps::run_edit, {source(), "rm", "/later/small"});
        must_run(apps::run_edit, {source(), "put", beside("fresh"), "/later/fresh"});
        must_run(apps::run_subvolume, {"property", "set", source(), "later", "ro", "true"});
        must_run(apps::run_send, {"-q", source(), "docs", "-f", whole()});
        must_run(apps::run_send, {"-q", source(), "later", "-p", "docs", "-f", later()});
        mkfs_well({"-q", "--size", "200m", target()});
    }
    /// The image that they come from.
    std::string source() const { return image_.path(); }
    std::string target() const { return beside("target"); }
    std::string whole() const { return beside("whole"); }
    std::string later() const { return beside("later"); }
    std::string beside(std::string_view name) const { return image_.beside(name); }
    /// One behind the other.
    std::string both() const {
        write_file(beside("both"), bytes_of(whole()) + bytes_of(later()));
        return beside("both");
    }
    /// The first one, without its last bytes.
    std::string cut() const {
        const auto bytes = bytes_of(whole());
        write_file(beside("cut"), std::string_view(bytes).substr(0, bytes.size() - 150'000));
        return beside("cut");
    }

private:
    MadeImage image_{{"--subvol", "ro:docs"}};
};

Json subvolumes_of(const std::string& image) {
    return Json::parse(run_tool(apps::run_subvolume, {"list", "--format", "json", image}).out);
}

u64 generation_of(const std::string& image) {
    return subvolumes_of(image)["filesystem"]["generation"];
}

/// Their paths, without the top.
std::set<std::string> names_in(const std::string& image) {
    const auto document = subvolumes_of(image);
    std::set<std::string> names;
    for (const auto& subvolume : document["subvolumes"]) {
        names.insert(subvolume["path"]);
    }
    names.erase("/");
    return names;
}

Json subvolume_in(const std::string& image, const std::string& path) {
    return Json::parse(run_tool(apps::run_subvolume, {"show", "--format", "json", image, path}).out)["subvolume"];
}

std::string file_in(const std::string& image, const std::string& path) {
    const auto run = run_tool(apps::run_edit, {image, "get", path, "-"});
    CHECK_MESSAGE(run.status == 0, run.err);
    return run.out;
}

bool is_sound(const std::vector<std::string>& devices) {
    std::vector<std::string> arguments = {"-q", "--check-data-csum"};
    arguments.insert(arguments.end(), devices.begin(), devices.end());
    return run_tool(apps::run_check, arguments).status == 0;
}

/// All trees, as text: what the superblocks refer to.
std::string trees_of(const std::string& image) {
    return run_tool(apps::run_dump_tree, {image}).out;
}

std::string text_of_data() {
    const auto content = MadeImage::content();
    return std::string(as_text(content));
}

} // namespace

TEST_CASE("receive: wrong usage, status 2, nothing on standard output") {
    const Streams streams;
    const auto target = streams.target();
    const Terminal terminal;
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "IMAGE is required"},
        {{"-f", streams.whole()}, "IMAGE is required"},
        {{target, "/", "more"}, "more"},
        {{target, "-f", terminal.path()}, "is a terminal: give a FILE, or a pipe"},
        {{"--dump", "-f", terminal.path()}, "is a terminal"},
        {{"--verify", terminal.path()}, "is a terminal"},
        {{"--dump", "--verify", streams.whole()}, "--dump and --verify are two things"},
        {{"--dump", "-f", streams.whole(), "-f", streams.later()}, "one stream at a time is dumped"},
        {{target, "-f", streams.whole(), "--compress", "bzip2"}, "unknown compression 'bzip2'"},
        {{target, "-f", streams.whole(), "-E", "x"}, "'x' is no number"},
        {{target, "-f", streams.whole(), "--create", "large"}, "--create: 'large' is no size"},
        {{target, "-f", streams.whole(), "--create", ""}, "--create: '' is no size"},
        {{target, "-f", streams.whole(), "--create", "200m"}, "is not empty"},
        {{streams.beside("new"), "--create", "auto"}, "--create auto reads the streams twice"},
        {{target, "-f", streams.whole(), "--commit-each", "--undo", streams.beside("undo")}, "not with --commit-each"},
        {{target, "-f", streams.whole(), "--format", "lines"}, "'lines' is not one of text or json"},
        {{target, "-f", streams.whole(), "--what"}, "--what"},
    };
    for (const auto& [arguments, part] : cases) {
        CAPTURE(part);
        check_refused(receive(arguments), 2, {part}, tool);
    }
    const StandardInput input(terminal.path());
    check_refused(receive({target}), 2, {"standard input: is a terminal: give a FILE, or a pipe"}, tool);
    CHECK(generation_of(target) == 1);
}

TEST_CASE("receive: --help fits a screen") {
    const auto help = receive({"--help"});
    CHECK(help.status == 0);
    CHECK(help.out.starts_with("Usage: btrkit-receive [OPTIONS] IMAGE [DIR]\n"));
    CHECK(count_of(help.out, "\n") <= 45);
}

TEST_CASE("receive: what comes from standard input is what was sent, and what comes from a file is the same") {
    const Streams streams;
    const auto target = streams.target();
    write_image(streams.beside("second"), image_bytes_of(target));
    {
        const StandardInput input(streams.whole());
        const auto run = receive_well({target});
        CHECK(contains(run.err, "At subvol docs\n"));
        CHECK(count_of(run.err, "\n") == 1);
        CHECK(run.out.starts_with("/docs: subvolume 256: "));
        CHECK(contains(run.out, " commands, 292.97KiB of data\n"));
        CHECK(run.out.ends_with("generation 1 is now 2\n"));
    }
    CHECK(file_in(target, "/docs/deep/data") == text_of_data());
    CHECK(file_in(target, "/docs/small") == "small");
    const auto sent = subvolume_in(streams.source(), "docs");
    const auto received = subvolume_in(target, "docs");
    CHECK(received["received_uuid"] == sent["uuid"]);
    CHECK(received["uuid"] != sent["uuid"]);
    CHECK(received["stransid"] == sent["ctransid"]);
    CHECK(received["read_only"] == true);
    CHECK(is_sound({target}));

    const auto second = streams.beside("second");
    receive_well({second, "-f", streams.whole()});
    CHECK(file_in(second, "/docs/deep/data") == text_of_data());
    const auto again = run_tool(apps::run_send, {"-q", second, "docs"});
    CHECK(again.status == 0);
    CHECK((again.out == run_tool(apps::run_send, {"-q", target, "docs"}).out));
}

TEST_CASE("receive: into a directory of the image, and what stands on it") {
    const Streams streams;
    const auto target = streams.target();
    must_run(apps::run_edit, {target, "mkdir", "-p", "/backup/of/today"});
    auto run = receive_well({target, "/backup/of/today", "-f", streams.whole()});
    CHECK(run.out.starts_with("/backup/of/today/docs: subvolume 256: "));
    // The parent is found wherever it stands.
    run = receive_well({target, "backup", "-f", streams.later()});
    CHECK(run.out.starts_with("backup/later: subvolume 257, on subvolume 256: "));
    CHECK(contains(run.err, "At snapshot later\n"));
    CHECK(names_in(target) == std::set<std::string>{"/backup/of/today/docs", "/backup/later"});
    CHECK(file_in(target, "/backup/later/fresh") == "fresh text");
    CHECK(run_tool(apps::run_edit, {target, "get", "/backup/later/small", "-"}).status == 1);
    CHECK(is_sound({target}));
    // Once more: there is one of that name.
    run = receive({target, "/backup", "-f", streams.later()});
    check_refused({run.status, run.out, run.err}, 1,
                  {target + ": send stream, byte 17, command 1 (snapshot): ", "\"later\" is there already"}, tool);
    check_refused(receive({target, "/nowhere", "-f", streams.whole()}), 1, {target, "/nowhere"}, tool);
}

TEST_CASE("receive: -q says nothing but errors, -v more") {
    const Streams streams;
    const auto target = streams.target();
    auto run = receive_well({"-q", target, "-f", streams.whole()});
    CHECK(run.out == "");
    CHECK(run.err == "");
    run = receive_well({"-v", target, "-f", streams.later()});
    CHECK(contains(run.err, "btrkit-receive: device 1: " + target + ", "));
    CHECK(contains(run.err, "At snapshot later\n"));
    CHECK(count_of(receive({"-q", target, "-f", streams.later()}).err, "\n") == 1);
}

TEST_CASE("receive: a dry run writes nothing, and says what it would do") {
    const Streams streams;
    const auto target = streams.target();
    const auto before = image_bytes_of(target);
    const auto run = receive_well({"-n", target, "-f", streams.both()});
    CHECK(contains(run.out, "/docs: subvolume 256: "));
    CHECK(contains(run.out, "/later: subvolume 257, on subvolume 256: "));
    CHECK(run.out.ends_with("nothing was written: a dry run, all of it would succeed\n"));
    check_refused(receive({"-n", target, "-f", streams.later()}), 1, {"its parent ", "receive that first"}, tool);
    const bool is_untouched = image_bytes_of(target) == before;
    CHECK(is_untouched);
}

TEST_CASE("receive: --undo, and back") {
    const Streams streams;
    const auto target = streams.target();
    const auto trees = trees_of(target);
    const auto undo = streams.beside("undo");
    receive_well({"--undo", undo, target, "-f", streams.both()});
    CHECK(names_in(target) == std::set<std::string>{"/docs", "/later"});
    must_run(apps::run_undo, {undo, target});
    CHECK(generation_of(target) == 1);
    CHECK((trees_of(target) == trees));
    CHECK(is_sound({target}));
    // What is received again then is received whole.
    receive_well({target, "-f", streams.both()});
    CHECK(is_sound({target}));
}

TEST_CASE("receive: docs/json-schema-receive.md names every member") {
    const Streams streams;
    const auto run =
        receive_well({"--format", "json", "--undo", streams.beside("undo"), streams.target(), "-f", streams.both()});
    const auto document = Json::parse(run.out);
    CHECK(document["__header"]["document"] == "receive");
    CHECK(document["__header"]["version"] == 2);
    CHECK(document["dry_run"] == false);
    CHECK(document["new_generation"] == 2);
    CHECK(document["undo_file"] == streams.beside("undo"));
    REQUIRE(document["subvolumes"].size() == 2);
    const auto& whole = document["subvolumes"][0];
    CHECK(whole["name"] == "docs");
    CHECK(whole["tree"] == 256);
    CHECK(whole["parent_tree"].is_null());
    CHECK(whole["is_whole"] == true);
    CHECK(whole["data_bytes"] == MadeImage::content().size() + 5);
    const auto sent = subvolume_in(streams.source(), "docs");
    CHECK(whole["received_uuid"] == sent["uuid"]);
    CHECK(whole["ctransid"] == sent["ctransid"]);
    CHECK(whole["uuid"] == subvolume_in(streams.target(), "docs")["uuid"]);
    CHECK(document["subvolumes"][1]["parent_tree"] == 256);

    std::set<std::string> names;
    collect_members(document, names);
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-receive.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

TEST_CASE("receive: a stream that is cut off, or spoiled, changes nothing, and where it ends is said") {
    const Streams streams;
    const auto target = streams.target();
    const auto trees = trees_of(target);
    auto run = receive({"-q", target, "-f", streams.cut()});
    check_refused(run, 1, {target + ": send stream, byte ", ", command ", "cut off"}, tool);
    auto bytes = bytes_of(streams.whole());
    bytes[bytes.size() / 2] ^= 1;
    const auto spoiled = streams.beside("spoiled");
    write_file(spoiled, std::string_view(bytes));
    run = receive({"-q", target, "-f", spoiled});
    check_refused(run, 1, {target + ": send stream, byte ", "(write)", "wrong checksum"}, tool);
    write_file(spoiled, std::string_view("no stream at all"));
    check_refused(receive({"-q", target, "-f", spoiled}), 1, {"no send stream begins here"}, tool);
    // Of several it is said which one.
    run = receive({"-q", target, "-f", streams.whole(), "-f", spoiled});
    check_refused(run, 1, {spoiled + ": ", "no send stream begins here"}, tool);
    check_refused(receive({target, "-f", "/nothing/here"}), 1, {"/nothing/here: cannot open"}, tool);
    check_refused(receive({"/nothing/here", "-f", streams.whole()}), 1, {"/nothing/here"}, tool);
    CHECK(generation_of(target) == 1);
    CHECK((trees_of(target) == trees));
    CHECK(is_sound({target}));
}

TEST_CASE("receive --partial: what came before is kept, as a writable subvolume that nothing is received on") {
    const Streams streams;
    const auto target = streams.target();
    const auto run = receive({"--partial", target, "-f", streams.cut()});
    CHECK(run.status == 1);
    CHECK(contains(run.out, "; NOT whole, writable\n"));
    CHECK(contains(run.out, "generation 1 is now 2\n"));
    CHECK(contains(run.err, "send stream, byte "));
    CHECK(contains(run.err, "; what came before is kept\n"));
    const auto kept = subvolume_in(target, "docs");
    CHECK(kept["read_only"] == false);
    CHECK(kept["received_uuid"].is_null());
    CHECK(is_sound({target}));
    check_refused(receive({"-q", target, "-f", streams.later()}), 1, {"its parent ", "receive that first"}, tool);
    // What was whole before is whole.
    mkfs_well({"-q", "-f", target});
    write_file(streams.beside("and-cut"), bytes_of(streams.whole()) + bytes_of(streams.later()).substr(0, 250));
    const auto json = receive({"--partial", "--format", "json", target, "-f", streams.beside("and-cut")});
    CHECK(json.status == 1);
    const auto document = Json::parse(json.out);
    REQUIRE(document["subvolumes"].size() == 2);
    CHECK(document["subvolumes"][0]["is_whole"] == true);
    CHECK(document["subvolumes"][1]["is_whole"] == false);
    CHECK(subvolume_in(target, "docs")["read_only"] == true);
    CHECK(subvolume_in(target, "later")["read_only"] == false);
    CHECK(is_sound({target}));
}

TEST_CASE("receive: a parent that was changed is refused; forced, what does not fit fails with its path; -E goes on") {
    const Streams streams;
    const auto image = streams.source();
    must_run(apps::run_edit, {image, "mkdir", "/in"});
    must_run(apps::run_subvolume, {"property", "set", image, "docs", "ro", "false"});
    must_run(apps::run_edit, {image, "rm", "/docs/small"});
    const auto generation = generation_of(image);
    auto run = receive({"-q", image, "in", "-f", streams.later()});
    check_refused(run, 1, {"its parent ", "is writable", "--force-parent"}, tool);
    run = receive({"-q", "--force-parent", image, "in", "-f", streams.later()});
    check_refused(run, 1, {image + ": send stream, byte ", "(unlink): path small: ", "there is no \"small\""}, tool);
    CHECK(generation_of(image) == generation);
    CHECK(is_sound({image}));

    run = receive({"-E", "3", "--force-parent", image, "in", "-f", streams.later()});
    CHECK(run.status == 1);
    CHECK(contains(run.err, "(unlink): path small: "));
    CHECK(contains(run.out, "; NOT whole, writable\n"));
    CHECK(generation_of(image) == generation + 1);
    CHECK(file_in(image, "/in/later/fresh") == "fresh text");
    CHECK(subvolume_in(image, "in/later")["read_only"] == false);
    CHECK(subvolume_in(image, "in/later")["received_uuid"].is_null());
    CHECK(is_sound({image}));
}

TEST_CASE("receive: --dump and --verify are btrkit-stream's") {
    const Streams streams;
    const auto dumped = run_tool(apps::run_stream, {"dump", streams.both()});
    for (const auto& arguments :
         {std::vector<std::string>{"--dump", streams.both()}, {"--dump", "-f", streams.both()}}) {
        const auto run = receive_well(arguments);
        CHECK((run.out == dumped.out));
        CHECK(run.err == "");
    }
    for (const std::string format : {"text", "json"}) {
        const auto verified =
            run_tool(apps::run_stream, {"verify", "--format", format, streams.whole(), streams.later()});
        const auto run = receive_well({"--verify", "--format", format, "-f", streams.whole(), "-f", streams.later()});
        CHECK(run.out == verified.out);
        CHECK(run.err == "");
    }
    CHECK(receive_well({"--verify", streams.whole(), streams.later()}).out ==
          run_tool(apps::run_stream, {"verify", streams.whole(), streams.later()}).out);
    const auto wrong = receive({"--verify", "-q", streams.cut()});
    check_refused(wrong, 1, {streams.cut() + ": send stream, byte ", "cut off"}, tool);
    const StandardInput input(streams.whole());
    CHECK(receive_well({"--dump"}).out.starts_with("subvol          ./docs "));
}

TEST_CASE("receive: -e ends with the first end; -C and -m change nothing") {
    const Streams streams;
    const auto target = streams.target();
    receive_well({"-e", "-C", "-m", "/mnt", target, "-f", streams.both()});
    CHECK(names_in(target) == std::set<std::string>{"/docs"});
    receive_well({"--chroot", target, "-f", streams.later()});
    CHECK(names_in(target) == std::set<std::string>{"/docs", "/later"});
}

TEST_CASE("receive: several files in any order are one commit") {
    const Streams streams;
    const auto target = streams.target();
    const auto run = receive_well({target, "-f", streams.later(), "-f", streams.whole()});
    CHECK(contains(run.out, "/docs: subvolume 256: "));
    CHECK(contains(run.out, "/later: subvolume 257, on subvolume 256: "));
    CHECK(run.out.ends_with("generation 1 is now 2\n"));
    CHECK(is_sound({target}));
    // Where one fails, none is there.
    mkfs_well({"-q", "-f", target});
    check_refused(receive({"-q", target, "-f", streams.whole(), "-f", streams.cut()}), 1, {streams.cut()}, tool);
    CHECK(names_in(target).empty());
}

TEST_CASE("receive --commit-each: what was whole stays when a later one fails") {
    const Streams streams;
    const auto target = streams.target();
    auto run = receive_well({"--commit-each", target, "-f", streams.both()});
    CHECK(run.out.ends_with("generation 1 is now 3\n"));
    CHECK(names_in(target) == std::set<std::string>{"/docs", "/later"});
    CHECK(is_sound({target}));

    mkfs_well({"-q", "-f", target});
    write_file(streams.beside("and-cut"), bytes_of(streams.whole()) + bytes_of(streams.later()).substr(0, 250));
    run = receive({"--commit-each", target, "-f", streams.beside("and-cut")});
    CHECK(run.status == 1);
    CHECK(contains(run.out, "/docs: subvolume 256: "));
    CHECK(run.out.ends_with("generation 1 is now 2\n"));
    CHECK(contains(run.err, target + ": send stream, byte "));
    CHECK(names_in(target) == std::set<std::string>{"/docs"});
    CHECK(subvolume_in(target, "docs")["read_only"] == true);
    CHECK(is_sound({target}));
    receive_well({target, "-f", streams.later()});

    mkfs_well({"-q", "-f", target});
    check_refused(receive({"-q", "--commit-each", target, "-f", streams.cut()}), 1, {"cut off"}, tool);
    CHECK(generation_of(target) == 1);
}

TEST_CASE("receive --create: into a filesystem that is made first, and goes again where nothing comes into it") {
    const Streams streams;
    const auto image = streams.beside("new");
    const auto made = [&](const std::string& size) {
        receive_well({"--create", size, image, "-f", streams.later(), "-f", streams.whole()});
        CHECK(names_in(image) == std::set<std::string>{"/docs", "/later"});
        CHECK(file_in(image, "/docs/deep/data") == text_of_data());
        CHECK(is_sound({image}));
    };
    made("300m");
    CHECK(std::filesystem::file_size(image) == 300 * mib);
    check_refused(receive({"--create", "300m", image, "-f", streams.whole()}), 2, {image, "is not empty"}, tool);
    CHECK(names_in(image).size() == 2);

    // A file that is there and empty is filled, and emptied again.
    write_file(image, std::string_view());
    made("auto");
    write_file(image, std::string_view());
    for (const std::string size : {"300m", "auto"}) {
        CHECK(receive({"-q", "--create", size, image, "-f", streams.cut()}).status == 1);
        CHECK(std::filesystem::file_size(image) == 0);
        check_refused(receive({"-q", "--create", size, image, "-f", streams.later()}), 1, {"its parent "}, tool);
        CHECK(std::filesystem::file_size(image) == 0);
    }
    std::filesystem::remove(image);
    for (const std::string size : {"300m", "auto"}) {
        CHECK(receive({"-q", "--create", size, image, "-f", streams.cut()}).status == 1);
        CHECK(receive({"-q", "--create", size, image, "-f", "/nothing/here"}).status == 1);
        receive_well({"-n", "--create", size, image, "-f", streams.whole()});
        CHECK_FALSE(is_there(image));
    }
    CHECK(receive({"--create", "1m", image, "-f", streams.whole()}).status != 0);
    CHECK_FALSE(is_there(image));
    receive_well({"--create", "auto", "--force-decompress", image, "-f", streams.whole()});
}

TEST_CASE("receive: compressed as it comes, decompressed, or compressed here") {
    const Streams streams;
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "root/docs");
    write_file(folder / "root/docs/text", std::string(500'000, 'a'));
    mkfs_well({"-q", "-r", folder / "root", "--subvol", "ro:docs", "--compress", "zstd", folder / "packed"});
    must_run(apps::run_send, {"-q", "--compressed-data", folder / "packed", "docs", "-f", folder / "packed.stream"});
    must_run(apps::run_send, {"-q", folder / "packed", "docs", "-f", folder / "plain.stream"});
    const auto used = [&](std::vector<std::string> arguments) -> std::int64_t {
        const auto target = streams.target();
        mkfs_well({"-q", "-f", target});
        arguments.insert(arguments.end(), {"--format", "json", target});
        const auto run = receive_well(arguments);
        CHECK(file_in(target, "/docs/text") == std::string(500'000, 'a'));
        CHECK(is_sound({target}));
        return Json::parse(run.out)["used_bytes_change"];
    };
    CHECK(used({"-f", folder / "packed.stream"}) < 200'000);
    CHECK(used({"-f", folder / "plain.stream"}) > 500'000);
    CHECK(used({"-f", folder / "packed.stream", "--force-decompress"}) > 500'000);
    CHECK(used({"-f", folder / "plain.stream", "--compress", "zlib:9"}) < 200'000);
}

TEST_CASE("receive: into part of a file, and over two devices") {
    const Streams streams;
    const auto disk = streams.beside("disk");
    SparseBytes filled(300 * mib);
    filled.write(15 * mib, std::vector<std::byte>(mib, std::byte{0x5a}));
    filled.write(216 * mib, std::vector<std::byte>(mib, std::byte{0x5a}));
    write_image(disk, filled);
    const auto part = disk + "@16M+200M";
    mkfs_well({"-q", "-f", part});
    const auto before = image_bytes_of(disk);
    receive_well({part, "-f", streams.whole()});
    CHECK(file_in(part, "/docs/deep/data") == text_of_data());
    CHECK(is_sound({part}));
    const auto after = image_bytes_of(disk);
    CHECK(after.is_same(before, 0, 16 * mib));
    CHECK(after.is_same(before, 216 * mib, 300 * mib));

    const std::vector<std::string> two = {streams.beside("one"), streams.beside("two")};
    mkfs_well({"-q", "--size", "200m", "-d", "raid1", "-m", "raid1", two[0], two[1]});
    receive_well({two[0], "--member", two[1], "-f", streams.both()});
    CHECK(is_sound(two));
    check_refused(receive({"-q", two[0], "-f", streams.whole()}), 1, {two[0], "--member"}, tool);
}

TEST_CASE("receive: a signal stops it, and nothing is changed") {
    class SignallingSink final : public OutputSink {
    public:
        Result<void> write(std::string_view text) override {
            if (contains(text, "At subvol")) {
                static_cast<void>(std::raise(SIGINT));
            }
            return kept.write(text);
        }
        StringSink kept;
    };
    const Streams streams;
    const auto target = streams.target();
    for (const bool is_partial : {false, true}) {
        StringSink out;
        SignallingSink err;
        apps::Io io{.out = out, .err = err};
        std::vector<std::string> arguments = {target, "-f", streams.whole()};
        if (is_partial) {
            arguments.emplace_back("--partial");
        }
        CHECK(apps::run_receive(arguments, io) == 1);
        CHECK(contains(err.kept.text(), "stopped; nothing was changed"));
        CHECK(out.text() == "");
        CHECK(generation_of(target) == 1);
        CHECK(names_in(target).empty());
    }
}

} // namespace receive_test
