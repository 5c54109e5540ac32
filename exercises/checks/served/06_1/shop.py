from flask import Flask

app = Flask(__name__)
print("imported")
if __name__ == "__main__":
    app.run(port=0, debug=True)
